/** Destinations other than webhooks in the dashboard and in the portal: picker, form, preview, page, settings. */
import type { Locator, Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { violatedRules } from "../lib/axe.ts";
import { useBrowser } from "../lib/browser.ts";
import { portalLink } from "../lib/portal-scene.ts";
import { useWorld } from "../lib/world.ts";

const browser = useBrowser();
const world = useWorld();

beforeAll(async () => {
  await world.api.post("/api/v1/app", { name: "Acme", uid: "acme" });
});

const SLACK_URL = "https://hooks.slack.com/services/T0123/B0123/secret-part-of-the-url";

type Face = "dashboard" | "portal";

async function openApplication(face: Face, width: number, locale: string): Promise<Page> {
  const token = face === "portal" ? (await portalLink(world, "acme")).token : world.server.token;
  const page = await browser.open({ token, locale, viewport: { width, height: 900 } });
  await page.goto(world.server.url + (face === "portal" ? "/portal" : "/applications/acme"));
  return page;
}

async function newEndpoint(page: Page, button = "New endpoint"): Promise<Locator> {
  await page.getByRole("button", { name: button }).first().click();
  return page.getByRole("dialog");
}

describe.each([
  ["dashboard", 1440],
  ["portal", 390],
] as const)("in the %s", (face, width) => {
  it("a Slack endpoint is chosen, previewed and created, and its secret is never shown again", async () => {
    const page = await openApplication(face, width, "en-GB");
    const dialog = await newEndpoint(page);
    await dialog.getByRole("button", { name: "Choose another destination" }).click();
    await dialog.getByLabel("Search destinations").fill("slack");
    await dialog.getByRole("radio", { name: "Slack" }).click();
    await dialog.getByRole("button", { name: "Choose another destination" }).waitFor();
    await dialog.getByLabel("Webhook URL").fill(SLACK_URL);
    await dialog.getByLabel("Title (optional)").fill("{{ body.customer.name }} did not pay");
    await dialog.getByText("Acme did not pay").waitFor();
    expect(await violatedRules(page, "[role=dialog]")).toEqual([]);
    await dialog.getByRole("button", { name: "Create" }).click();
    await page.waitForURL(/\/endpoints\/ep_/);
    await page.getByRole("heading", { level: 1, name: "Slack · hooks.slack.com" }).waitFor();
    await page.getByText("••••••••").waitFor();
    expect(await violatedRules(page, "body")).toEqual([]);
    expect(await page.content()).not.toContain("secret-part-of-the-url");
    const { json } = await world.api.get("/api/v1/app/acme/endpoint?limit=1&order=descending");
    expect((json.data as object[])[0]).toMatchObject({ kind: "slack", configSecrets: { url: true } });
  });

  it("a kind is found and chosen by keyboard, including by its German name", async () => {
    const page = await openApplication(face, width, "de-DE");
    const dialog = await newEndpoint(page, "Neuer Endpunkt");
    await dialog.getByRole("button", { name: "Anderes Ziel wählen" }).press("Enter");
    await page.keyboard.type("alarmierung");
    await page.keyboard.press("Enter");
    await dialog.getByText("Löst PagerDuty-Alarme aus, bestätigt sie und schließt sie.").waitFor();
    await page.keyboard.press("Enter");
    await page.keyboard.type("queues");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await dialog.getByLabel("ARN des Topics").waitFor();
    expect(await dialog.isVisible()).toBe(true);
    expect(await violatedRules(page, "[role=dialog]")).toEqual([]);
  });
});

describe("the settings of a destination", () => {
  it("ask for the secrets again as soon as a field that decides where they are sent has changed", async () => {
    const page = await openSettings("Alerts", "en-GB");
    const hint = page.getByText("which determines where secrets are sent");
    await page.getByLabel("Topic (optional)").fill("7");
    expect(await hint.count()).toBe(0);
    await page.getByLabel("Chat ID").fill("-1009");
    await hint.waitFor();
    await page.getByText("Enter this value again.").waitFor();
    expect(await violatedRules(page, "main")).toEqual([]);
    await page.getByLabel("Chat ID").fill("-1001");
    await hint.waitFor({ state: "detached" });
    await page.getByLabel("Chat ID").fill("-1009");
    await page.getByLabel("Bot token").fill(BOT_TOKEN);
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved").waitFor();
  });

  it("explain errors in German, followed by the details in English", async () => {
    const page = await openSettings("Alarme", "de-DE");
    await page.getByLabel("Chat-ID").fill("not a chat");
    await page.getByLabel("Bot-Token").fill(BOT_TOKEN);
    await page.getByRole("button", { name: "Speichern" }).click();
    // The preview shows the same problem.
    const alert = page.getByRole("alert").filter({ hasText: "Bitte korrigieren Sie diese Angaben:" }).first();
    await alert.waitFor();
    expect(await alert.locator('[lang="en"]').innerText()).toContain("chatId");
  });
});

const BOT_TOKEN = "123456789:AAExampleExampleExampleExampleExampl";

async function openSettings(description: string, locale: string): Promise<Page> {
  const { status, json } = await world.api.post("/api/v1/app/acme/endpoint", {
    kind: "telegram",
    description,
    config: { botToken: BOT_TOKEN, chatId: "-1001" },
  });
  expect(status).toBe(201);
  const page = await browser.open({ token: world.server.token, locale });
  await page.goto(`${world.server.url}/applications/acme/endpoints/${json["id"] as string}?tab=settings`);
  await page.getByRole("heading", { level: 1, name: description }).waitFor();
  return page;
}
