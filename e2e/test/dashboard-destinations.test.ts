/** Destinations other than webhooks in the dashboard and in the portal: picker, form, preview, settings. */
import { AxeBuilder } from "@axe-core/playwright";
import { beforeAll, describe, expect, it } from "vitest";
import { useBrowser } from "../lib/browser.ts";
import { portalLink } from "../lib/portal-scene.ts";
import { useWorld } from "../lib/world.ts";

const browser = useBrowser();
const world = useWorld();

beforeAll(async () => {
  await world.api.post("/api/v1/app", { name: "Acme", uid: "acme" });
});

const SLACK_URL = "https://hooks.slack.com/services/T0123/B0123/secret-part-of-the-url";

describe.each([
  ["dashboard", 1440, "en-GB"],
  ["portal", 390, "en-GB"],
] as const)("in the %s", (face, width, locale) => {
  it("a Slack endpoint is chosen, previewed and created, and its secret is never shown again", async () => {
    const token = face === "portal" ? (await portalLink(world, "acme")).token : world.server.token;
    const page = await browser.open({ token, locale, viewport: { width, height: 900 } });
    await page.goto(world.server.url + (face === "portal" ? "/portal" : "/applications/acme"));
    await page.getByRole("button", { name: "New endpoint" }).first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Choose another destination" }).click();
    await dialog.getByLabel("Search destinations").fill("slack");
    await dialog.getByRole("radio", { name: /Slack/ }).check({ force: true });
    await dialog.getByRole("button", { name: "Close the list" }).click();
    await dialog.getByLabel("Webhook URL").fill(SLACK_URL);
    await dialog.getByLabel("Title (optional)").fill("{{ body.customer.name }} did not pay");
    await dialog.getByText("Acme did not pay").waitFor();
    const { violations } = await new AxeBuilder({ page }).include("[role=dialog]").analyze();
    expect(violations.map(({ id }) => id)).toEqual([]);
    await dialog.getByRole("button", { name: "Create" }).click();
    await page.waitForURL(/\/endpoints\/ep_/);
    expect(await page.content()).not.toContain("secret-part-of-the-url");
    const { json } = await world.api.get("/api/v1/app/acme/endpoint?limit=1");
    expect((json.data as object[])[0]).toMatchObject({ kind: "slack", configSecrets: { url: true } });
  });
});
