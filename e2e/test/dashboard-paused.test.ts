/** The banner on a server that was restored from a backup. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { useBrowser } from "../lib/browser.ts";
import { useWorld } from "../lib/world.ts";

const browser = useBrowser();
const world = useWorld();

it("shows on every page that deliveries are paused, and resumes them after a confirmation", async () => {
  await world.server.stop();
  using db = new DatabaseSync(join(world.server.dataDir, "posthorn.db"));
  db.exec(`INSERT INTO delivery_pause VALUES (1, 'restore', ${Date.now()}, ${Date.UTC(2026, 10, 28, 12)})`);
  db.close();
  await world.restart();
  const page = await browser.open({ token: world.server.token, reducedMotion: "reduce" });
  for (const path of ["/applications", "/settings"]) {
    await page.goto(`${world.server.url}${path}`);
    await page.getByText("Deliveries are paused.").waitFor();
  }
  await page.getByRole("button", { name: "Resume deliveries" }).click();
  await page
    .getByRole("dialog")
    .or(page.getByRole("alertdialog"))
    .getByRole("button", { name: "Resume deliveries" })
    .click();
  await page.getByText("Deliveries are paused.").waitFor({ state: "detached" });
  const { json } = await world.api.get("/api/v1/delivery-pause");
  expect(json).toMatchObject({ paused: false });
});
