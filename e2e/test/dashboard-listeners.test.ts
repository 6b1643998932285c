/** Listeners of an endpoint in the dashboard, with `posthorn listen` as a process. */
import { beforeAll, expect, it } from "vitest";
import { expectAccessible } from "../lib/axe.ts";
import { useBrowser } from "../lib/browser.ts";
import { runCli } from "../lib/cli.ts";
import { temporaryFolder } from "../lib/folder.ts";
import { picture } from "../lib/picture.ts";
import { useWorld } from "../lib/world.ts";

const browser = useBrowser();
const world = useWorld();
let endpoint: string;

beforeAll(async () => {
  await world.api.post("/api/v1/app", { name: "Laptop", uid: "laptop" });
  const body = { kind: "relay", uid: "listen-anna", config: { name: "anna" } };
  endpoint = (await world.api.post("/api/v1/app/laptop/endpoint", body)).json["id"] as string;
});

it("an endpoint shows its listeners, and a listener exits when a user disconnects it", async () => {
  using folder = temporaryFolder();
  const page = await browser.open({ token: world.server.token });
  await page.goto(`${world.server.url}/applications/laptop/endpoints/${endpoint}`);
  await page.getByText("No listener is connected. Deliveries are on hold").waitFor();
  await page.getByText("posthorn listen 3000 --app laptop --name anna").waitFor();
  await expectAccessible(page);

  const env = { POSTHORN_URL: world.server.url, POSTHORN_TOKEN: world.server.token, XDG_CONFIG_HOME: folder.path };
  const args = ["listen", world.receiver.url, "--app", "laptop", "--name", "anna", "--output", "compact"];
  await using cli = runCli(args, env);
  const row = page.getByRole("row").filter({ hasText: "websocket" });
  await row.waitFor({ timeout: 60_000 });
  await picture(page, "listeners");
  await row.getByRole("button", { name: "Disconnect" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Disconnect" }).click();
  const { code, stderr } = await cli.ended;
  expect({ code, stderr }).toMatchObject({ code: 4, stderr: expect.stringContaining("was disconnected") });
  await page.getByText("posthorn listen 3000 --app laptop --name anna").waitFor();
});
