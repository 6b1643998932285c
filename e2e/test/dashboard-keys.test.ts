/** API keys in the dashboard, and the view of messages for a key that may not read payloads. */
import { beforeAll, expect, it } from "vitest";
import { useBrowser } from "../lib/browser.ts";
import { useWorld } from "../lib/world.ts";

const browser = useBrowser();
const world = useWorld();
const SECRET = "canary20471189";
let message: string;

beforeAll(async () => {
  await world.api.post("/api/v1/app", { name: "Acme", uid: "acme" });
  const sent = await world.api.post("/api/v1/app/acme/msg", { eventType: "a", payload: { name: SECRET } });
  message = sent.json["id"] as string;
});

it("a key is created with scopes, described in a sentence, changed and revoked", async () => {
  const page = await browser.open({ token: world.server.token, reducedMotion: "reduce" });
  await page.goto(`${world.server.url}/settings?tab=keys`);
  await page.getByRole("button", { name: "New API key" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Billing");
  await dialog.getByLabel("Access").selectOption("Choose permissions");
  await dialog.getByLabel("Publish messages").check();
  await dialog.getByLabel("Replay messages").check();
  await dialog.getByLabel("Applications and sources").fill("acme");
  await dialog.getByLabel("Allowed networks").fill("127.0.0.1, ::1");
  await dialog.getByRole("button", { name: "Create" }).click();
  await page.getByText("Can publish messages and replay messages, only in Acme.").waitFor();
  const text = await page.locator("main").innerText();
  expect(text).toContain("Only from 127.0.0.1 or ::1.");
  expect(text).toMatch(/Cannot read settings, lists and statistics, read payloads/);
  const token = /phk_[\w-]+/.exec(text)?.[0] ?? "";
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const publish = (app: string) =>
    fetch(`${world.server.url}/api/v1/app/${app}/msg`, {
      method: "POST",
      headers,
      body: '{"eventType":"a","payload":{}}',
    });
  expect((await publish("acme")).status).toBe(202);
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByRole("dialog").getByLabel("Access").selectOption("Read everything except secrets");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByText("Can read settings, lists and statistics and read payloads, only in Acme.").waitFor();
  expect((await publish("acme")).status).toBe(403);
  await page.getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("dialog").or(page.getByRole("alertdialog")).getByRole("button", { name: "Revoke" }).click();
  await page.getByText("No API keys yet.").waitFor();
  expect((await publish("acme")).status).toBe(401);
});

it.each([
  ["payloads:masked", "Values masked", "<string>"],
  ["read", "You don’t have permission to see payloads.", "You don’t"],
])("with %s, the page of a message shows no values of its payload", async (scope, note, shown) => {
  const { json } = await world.api.post("/api/v1/auth/api-key", { name: "Support", scopes: ["read", scope] });
  const page = await browser.open({ token: json["token"] as string, reducedMotion: "reduce" });
  await page.goto(`${world.server.url}/applications/acme/messages/${message}`);
  await page.getByText(note).first().waitFor();
  const text = await page.locator("main").innerText();
  expect(text).toContain(shown);
  expect(text).not.toContain(SECRET);
});
