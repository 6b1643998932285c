/** Consumers, polling tokens and subscriptions in the dashboard and in the portal. */
import { beforeAll, expect, it } from "vitest";
import { violatedRules } from "../lib/axe.ts";
import { useBrowser } from "../lib/browser.ts";
import { portalLink } from "../lib/portal-scene.ts";
import { useWorld } from "../lib/world.ts";

const browser = useBrowser();
const world = useWorld();
const FEED = "/api/v1/app/feeds/feed";
let endpoint: string;

beforeAll(async () => {
  await world.api.post("/api/v1/app", { name: "Feeds", uid: "feeds" });
  endpoint = (await world.api.post("/api/v1/app/feeds/endpoint", { kind: "polling", description: "Nightly import" }))
    .json["id"] as string;
  for (let count = 0; count < 3; count++) {
    await world.api.post("/api/v1/app/feeds/msg", { eventType: "invoice.paid", payload: { count } });
  }
});

it("an application without consumers shows the command that creates one, and a consumer its position and lag", async () => {
  const page = await browser.open({ token: world.server.token });
  await page.goto(`${world.server.url}/applications/feeds?tab=feed`);
  await page.getByText("No consumers yet. The first poll creates one:").waitFor();
  await page.getByText("/feed/consumer/worker/poll").waitFor();
  expect(await violatedRules(page)).toEqual([]);

  const { json } = await world.api.post(`${FEED}/consumer/billing/poll`, { limit: 2, leaseSeconds: 600 });
  const { offset } = (json["data"] as { readonly offset: number }[])[0]!;
  await world.api.post(`${FEED}/consumer/billing/commit`, { offset });
  await page.reload();
  const row = page.getByRole("row").filter({ hasText: "billing" });
  await row.getByText("2 messages").waitFor();
  expect(await row.getByRole("cell").nth(3).innerText()).toMatch(/^1 · first ends in \d+/);
  expect(await violatedRules(page)).toEqual([]);

  await row.getByRole("button", { name: "Reset" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Continue from").selectOption({ label: "The end of the feed" });
  await dialog.getByText("Messages that have not been read are skipped.").waitFor();
  await dialog.getByRole("button", { name: "Reset position" }).click();
  await row.getByText("Up to date").waitFor();
  await row.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByText("No consumers yet.").waitFor();
});

it("the token of a polling endpoint is shown on request, rotated and revoked", async () => {
  const page = await browser.open({ token: world.server.token });
  await page.goto(`${world.server.url}/applications/feeds/endpoints/${endpoint}?tab=feed`);
  await page.getByRole("heading", { level: 1, name: "Nightly import" }).waitFor();
  const card = page.getByRole("region", { name: "Polling token" });
  await card.getByRole("button", { name: "Show" }).click();
  const token = card.locator("p code");
  await expect.poll(() => token.innerText()).toMatch(/^sk_poll_[\w-]{40,}$/);
  const first = await token.innerText();
  await card.getByRole("button", { name: "Rotate token" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Rotate token" }).click();
  await expect.poll(() => token.innerText()).not.toBe(first);
  const tokens = card.getByRole("list", { name: "Valid polling tokens" }).getByRole("listitem");
  await expect.poll(() => tokens.count()).toBe(2);
  expect(await tokens.nth(0).innerText()).toContain("Current");
  expect(await tokens.nth(1).innerText()).toContain("Earlier, in its grace period");
  await card.getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await card.getByText("All tokens of this endpoint have been revoked.").waitFor();
  expect(await page.content()).not.toContain(first);
});

it("a customer creates a subscription token in the portal, which is shown once, and revokes it", async () => {
  const { token } = await portalLink(world, "feeds");
  const page = await browser.open({ token, locale: "de-DE", viewport: { width: 390, height: 844 } });
  await page.goto(`${world.server.url}/portal/feed`);
  await page.getByText("Noch keine Abonnement-Token.").waitFor();
  await page.getByRole("button", { name: "Token erstellen" }).click();
  await page.getByText("Kopieren Sie das Token jetzt.").waitFor();
  await page.getByText("Wartet auf den Empfänger").waitFor();
  expect(await violatedRules(page)).toEqual([]);
  await page.getByRole("button", { name: "Widerrufen" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Widerrufen" }).click();
  await page.getByText("Noch keine Abonnement-Token.").waitFor();
});
