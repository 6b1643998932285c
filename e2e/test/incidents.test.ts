/** An operator handles an outage of several customers in a real browser: incident, replay, alert. */
import { eventually } from "@posthorn/testkit";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { expectAccessible } from "../lib/axe.ts";
import { useBrowser } from "../lib/browser.ts";
import { picture } from "../lib/picture.ts";
import { useWorld } from "../lib/world.ts";

const browser = useBrowser();
const world = useWorld({ env: { POSTHORN_RETRY_SCHEDULE: "" } });
const CUSTOMERS = ["Acme", "Globex", "Initech"];
let incident: string;

beforeAll(async () => {
  const { api, receiver } = world;
  receiver.respondWith(502);
  for (const [index, name] of CUSTOMERS.entries()) {
    await api.post("/api/v1/app", { name, uid: `app-${index}` });
    await api.post(`/api/v1/app/app-${index}/endpoint`, { url: `${receiver.url}/hooks/${index}` });
    await api.post(`/api/v1/app/app-${index}/msg`, { eventType: "invoice.paid", payload: { index } });
  }
  incident = await eventually(async () => {
    const { json } = await api.get("/api/v1/incident");
    const [first] = json["data"] as readonly { readonly id: string; readonly events: number }[];
    if (first?.events !== CUSTOMERS.length) throw new Error("not all failures are counted yet");
    return first.id;
  });
});

async function open(path: string, options: Parameters<typeof browser.open>[0] = {}): Promise<Page> {
  const page = await browser.open({ token: world.server.token, reducedMotion: "reduce", ...options });
  await page.goto(world.server.url + path);
  return page;
}

/** Checks a page in both widths and themes. */
async function review(page: Page, name: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: 900 });
      // Tables adapt to the new width a frame later.
      const fits = () =>
        page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
      await expect.poll(fits).toBe(true);
      await picture(page, `${name}-${width}-${colorScheme}`);
    }
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  await expectAccessible(page);
}

describe("an outage of several customers", () => {
  it("is one incident, which an operator acknowledges, notes and replays as a whole", async () => {
    const page = await open("/incidents");
    await page.getByRole("link", { name: "HTTP 502 Bad Gateway" }).waitFor();
    await review(page, "incidents");
    await page.getByRole("link", { name: "HTTP 502 Bad Gateway" }).click();
    await page.getByRole("heading", { level: 1, name: /502/ }).waitFor();
    for (const name of CUSTOMERS) await page.getByRole("link", { name, exact: true }).waitFor();
    await page.getByRole("button", { name: "Acknowledge" }).click();
    await page.getByText("Acknowledged", { exact: true }).waitFor();
    await page.getByLabel("Note", { exact: true }).fill("Their load balancer is down.");
    await page.getByRole("button", { name: "Add note" }).click();
    await page.locator("main p", { hasText: "Their load balancer is down." }).waitFor();
    await review(page, "incident");

    await page.getByRole("link", { name: "Replay" }).last().click();
    await page.getByRole("button", { name: "Dry run" }).click();
    await page.getByText("3 messages to 3 endpoints of 3 customers").waitFor();
    await review(page, "replay-of-incident");
    world.receiver.respondWith(200);
    await page.getByRole("button", { name: "Start replay" }).click();
    await page.getByText("Finished", { exact: true }).first().waitFor();
    await review(page, "replay-across");
    await eventually(async () => {
      const { json } = await world.api.post("/api/v1/replay/dry-run", { incident });
      expect(json).toMatchObject({ toSend: 0, skipped: { otherStatus: { success: CUSTOMERS.length } } });
    });
  });

  it("can be replayed across applications without an incident, by host and cause, also in German", async () => {
    const page = await open("/replays/across", { locale: "de-DE" });
    await page.getByLabel("Ursachen").fill("502");
    await page.getByLabel("Hosts").fill(new URL(world.receiver.url).host);
    await page.getByRole("button", { name: "Testlauf" }).click();
    await page.getByText("0 Nachrichten").waitFor();
    expect(await page.getByText("Bereits zugestellt").count()).toBe(1);
    await review(page, "replay-across-form");
  });
});

describe("an alert rule", () => {
  it("is created with a recipient, tested, and removed", async () => {
    world.receiver.respondWith(200);
    const page = await open("/settings?tab=alerts");
    await page.getByText("No alert rules yet.").waitFor();
    await page.getByRole("button", { name: "New recipient" }).click();
    await page.getByLabel("Name").fill("On call");
    await page.getByLabel("URL", { exact: true }).fill(`${world.receiver.url}/on-call`);
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "New alert rule" }).click();
    await page.getByLabel("Name").fill("Endpoint down");
    await page.getByRole("checkbox", { name: "On call" }).check();
    await review(page, "alert-rule");
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByText("Endpoint down").first().waitFor();
    await review(page, "alerts");
    await page.getByRole("button", { name: "Send test" }).click();
    await page.getByText("A test message was sent").waitFor();
    // The response of each recipient is shown next to its name.
    await page.getByText("On call: HTTP 200 OK").waitFor();
    const { body } = await world.receiver.waitFor(({ path }) => path === "/on-call");
    expect(JSON.parse(body.toString())).toMatchObject({ type: "alert.triggered", data: { test: true } });
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByText("No alert rules yet.").waitFor();
  });

  it("that is disabled stays disabled when an editor elsewhere saves it, with its quiet hours in its time zone", async () => {
    const quietHours = { from: "22:00", until: "07:00", timeZone: "America/New_York" };
    const body = { name: "Nightly", kind: "disk", params: { days: 14 }, targets: [], enabled: false, quietHours };
    const { json: rule } = await world.api.post("/api/v1/alert-rule", body);
    const page = await open("/settings?tab=alerts", { timezoneId: "Asia/Tokyo" });
    await page.getByRole("row", { name: "Nightly" }).getByRole("button", { name: "Edit" }).click();
    await page.getByLabel("Name").fill("Nightly check");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    const { json: saved } = await world.api.get(`/api/v1/alert-rule/${rule["id"]}`);
    expect(saved).toMatchObject({ name: "Nightly check", enabled: false, quietHours });
    await world.api.delete(`/api/v1/alert-rule/${rule["id"]}`);
  });
});
