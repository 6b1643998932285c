/** Topics, subscriptions and REST hooks in the dashboard. */
import type { Page } from "playwright-core";
import { beforeAll, expect, it } from "vitest";
import { violatedRules } from "../lib/axe.ts";
import { useBrowser } from "../lib/browser.ts";
import { useWorld } from "../lib/world.ts";

const browser = useBrowser();
const world = useWorld();
const APP = "/api/v1/app/hooks";

beforeAll(async () => {
  await world.api.post("/api/v1/app", { name: "Hooks", uid: "hooks" });
  await world.api.post("/api/v1/event-type", { name: "order.paid", description: "Paid." });
  world.receiver.respondWith(({ path }) => {
    const challenge = new URL(path, world.receiver.url).searchParams.get("hub.challenge");
    return path.startsWith("/subscriber") && challenge !== null ? { status: 200, body: challenge } : 404;
  });
});

async function open(options: Parameters<typeof browser.open>[0] = {}): Promise<Page> {
  const page = await browser.open({ token: world.server.token, ...options });
  await page.goto(`${world.server.url}/applications/hooks?tab=subscriptions`);
  return page;
}

async function subscribe(topic: string, path: string): Promise<void> {
  const form = { "hub.mode": "subscribe", "hub.topic": topic, "hub.callback": world.receiver.url + path };
  const response = await fetch(`${world.server.url}/websub`, { method: "POST", body: new URLSearchParams(form) });
  expect(response.status).toBe(202);
}

it("creates a topic, shows its subscribers, which request failed and why, and ends the subscription", async () => {
  const page = await open();
  const topics = page.getByRole("region", { name: "Topics", exact: true });
  await topics.getByText("No topics yet.").waitFor();
  await topics.getByText("-d hub.mode=subscribe -d hub.topic=TOPIC_URL").waitFor();
  expect(await violatedRules(page)).toEqual([]);
  await topics.getByRole("button", { name: "New topic" }).click();
  await page.getByLabel("Description").fill("Paid orders");
  await page.getByRole("button", { name: "Create" }).click();
  await topics.getByRole("row").filter({ hasText: "Paid orders" }).getByText("Active").waitFor();

  const { json } = await world.api.get(`${APP}/websub/topic`);
  const [{ url }] = json["data"] as [{ readonly url: string }];
  await subscribe(url, "/subscriber/callback");
  await subscribe(url, "/unconfirmed/callback");
  const subscriptions = page.getByRole("region", { name: "WebSub subscriptions" });
  const subscription = subscriptions.getByRole("row").filter({ hasText: "/subscriber/" });
  await subscription.getByText("in 10 days").waitFor();
  await subscription.getByText("Not signed").waitFor();
  const requests = page.getByRole("region", { name: "Unconfirmed requests" });
  const failed = requests.getByRole("row").filter({ hasText: "/unconfirmed/" });
  await failed.getByText("The callback responded with HTTP 404.").waitFor();
  await failed.getByText("does not handle hub.mode").waitFor();
  expect(await violatedRules(page)).toEqual([]);

  await subscription.getByRole("button", { name: "End" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "End" }).click();
  await subscriptions.getByText("No subscriptions yet.").waitFor();
  await failed.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await requests.getByText("No unconfirmed requests.").waitFor();
  await topics.getByRole("button", { name: "Disable" }).click();
  await topics.getByText("Disabled").waitFor();
});

it("explains a failed request in German, at the width of a phone", async () => {
  const { json } = await world.api.post(`${APP}/websub/topic`, {});
  await subscribe(json["url"] as string, "/unconfirmed/german");
  const page = await open({ locale: "de-DE", viewport: { width: 390, height: 844 } });
  await page.getByText("Der Callback hat die Anfrage nicht bestätigt.").waitFor();
  await page.getByText("Prüfen Sie URL und Query.").waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  expect(await violatedRules(page)).toEqual([]);
});

it("creates a token for REST hooks, which is shown once, lists the subscriptions made with it, and revokes it", async () => {
  const page = await open();
  const tokens = page.getByRole("region", { name: "Tokens for REST hooks" });
  await tokens.getByText("No tokens yet.").waitFor();
  await tokens.getByRole("button", { name: "New token" }).click();
  await page.getByLabel("Expires").selectOption({ label: "In 90 days" });
  await page.getByRole("button", { name: "Create" }).click();
  await tokens.getByText("Copy the token now.").waitFor();
  const token = await tokens.locator("p code, div > span code").first().innerText();
  expect(token).toMatch(/^sk_hook_[\w-]{43}$/);
  const created = await fetch(`${world.server.url}${APP}/rest-hook`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ targetUrl: `${world.receiver.url}/zap`, event: "order.paid" }),
  });
  expect(created.status).toBe(201);
  await page.reload();
  const hooks = page.getByRole("region", { name: "REST hooks", exact: true });
  const row = hooks.getByRole("row").filter({ hasText: "/zap" });
  await row.getByText("order.paid").waitFor();
  expect(await page.content()).not.toContain(token);
  await row.getByRole("button", { name: "Unsubscribe" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Unsubscribe" }).click();
  await hooks.getByText("No REST hooks yet.").waitFor();
  await tokens.getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await tokens.getByText("No tokens yet.").waitFor();
});
