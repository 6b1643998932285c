/** Organisations in the dashboard, for a user who is signed in with a token of the command line. */
import { beforeAll, expect, it } from "vitest";
import { useBrowser } from "../lib/browser.ts";
import { useWorld } from "../lib/world.ts";

const browser = useBrowser();
const world = useWorld({ env: { POSTHORN_INGEST_URL: "https://hooks.example.com" } });
let token: string;

interface Answer {
  readonly json: Record<string, unknown>;
  readonly cookie: string;
}

async function post(path: string, body: object, cookie = ""): Promise<Answer> {
  const headers = { "content-type": "application/json", "x-posthorn-csrf": "1", origin: world.server.url };
  const response = await fetch(`${world.server.url}/api/v1/${path}`, {
    method: "POST",
    headers: { ...headers, ...(cookie === "" ? {} : { cookie }) },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
  const cookies = response.headers.getSetCookie().map((line) => line.split(";")[0]!);
  return { json: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>), cookie: cookies.join("; ") };
}

/** Invites an owner, and signs them in on the command line. */
beforeAll(async () => {
  await world.api.post("/api/v1/app", { name: "Live customers", uid: "live" });
  const invited = await world.api.post("/api/v1/invitation", { email: "ada@engines.example", role: "owner" });
  const code = String(invited.json["url"]).split("#code=")[1]!;
  const account = { code, name: "Ada", password: "quiet-otter-mends-lamps" };
  const { cookie } = await post("sign-in/invitation/accept", account);
  const device = await post("device/code", { name: "test" });
  await post(`device/${String(device.json["user_code"])}`, { approve: true }, cookie);
  const { json } = await post("device/token", {
    grant_type: "urn:ietf:params:oauth:grant-type:device_code",
    device_code: device.json["device_code"],
  });
  token = String(json["access_token"]);
});

it("an owner names the organisation, creates another one, and switches between them", async () => {
  const page = await browser.open({ token, reducedMotion: "reduce" });
  await page.goto(`${world.server.url}/settings?tab=organisations`);
  await page.getByText("Unnamed").waitFor();
  expect(await page.getByRole("combobox", { name: "Organisation" }).count()).toBe(0);
  await page.getByRole("button", { name: "Rename" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("Production");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByRole("cell", { name: "Production" }).waitFor();
  await page.getByRole("button", { name: "New organisation" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("Tests");
  await page.getByRole("dialog").getByRole("button", { name: "Create" }).click();
  await page.getByRole("cell", { name: "Tests" }).waitFor();
  const choice = page.getByRole("combobox", { name: "Organisation" });
  await choice.selectOption("Tests");
  await expect.poll(() => choice.locator("option:checked").innerText()).toBe("Tests");
  await page.goto(`${world.server.url}/applications`);
  await page.getByRole("heading", { name: "Applications" }).first().waitFor();
  expect(await page.getByText("Live customers").count()).toBe(0);
  await page.goto(`${world.server.url}/settings?tab=organisations`);
  await page.getByRole("button", { name: "Switch" }).click();
  await expect.poll(() => choice.locator("option:checked").innerText()).toBe("Production");
  await page.goto(`${world.server.url}/applications`);
  await page.getByText("Live customers").first().waitFor();
});
