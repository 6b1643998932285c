/** Redaction rules in the dashboard: written without JSON, previewed, changed and deleted. */
import { expect, it } from "vitest";
import { useBrowser } from "../lib/browser.ts";
import { useWorld } from "../lib/world.ts";

const browser = useBrowser();
const world = useWorld();

it("a rule is written in a form, previewed on a sample before it is saved, changed, and deleted", async () => {
  const page = await browser.open({ token: world.server.token, reducedMotion: "reduce" });
  await page.goto(`${world.server.url}/settings?tab=redaction`);
  await page.getByText("No rules.").waitFor();
  await page.getByRole("button", { name: "New rule" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("JSONPath").fill("$.card.number");
  await dialog.getByRole("button", { name: "Preview" }).click();
  await dialog.getByText("1 part redacted.").waitFor();
  expect(await dialog.getByText("[redacted]", { exact: false }).count()).toBeGreaterThan(0);
  await dialog.getByLabel("JSONPath").fill("card");
  await dialog.getByRole("button", { name: "Create" }).click();
  await dialog.getByRole("alert").waitFor();
  await dialog.getByLabel("JSONPath").fill("$.card.number");
  await dialog.getByLabel("Event types").fill("order.*, user.created");
  await dialog.getByRole("button", { name: "Create" }).click();
  await page.getByRole("cell", { name: "$.card.number" }).waitFor();
  await page.getByText("order.*, user.created").waitFor();
  await page.getByRole("button", { name: "Edit" }).click();
  await dialog.getByLabel("Days to keep").fill("7");
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByText("Kept for 7 days").waitFor();
  const { json } = await world.api.get("/api/v1/redaction-rule");
  expect(json["data"]).toMatchObject([{ path: "$.card.number", keepExactSeconds: 604_800, disabled: false }]);
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("alertdialog").or(dialog).getByRole("button", { name: "Delete" }).click();
  await page.getByText("No rules.").waitFor();
});
