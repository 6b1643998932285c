/** Main tasks of operators in a real browser, from the first message to the replay after an outage, and once by keyboard only. */
import { startLab } from "@posthorn/egress/lab";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { useBrowser } from "../lib/browser.ts";
import { useWorld } from "../lib/world.ts";

const browser = useBrowser();
const world = useWorld({ env: { POSTHORN_RETRY_SCHEDULE: "3600" } });
const APP = "wayne";
const MAX_TABS = 120;
/** Status that the receiver responds with. */
let response = 204;
/** IDs of the messages that it accepted. */
const delivered: string[] = [];

beforeAll(async () => {
  world.receiver.respondWith(({ headers }) => {
    if (response === 204) delivered.push(String(headers["webhook-id"]));
    return response;
  });
  const schemas = { 1: { type: "object", examples: [{ amount: 5 }] } };
  await world.api.post("/api/v1/event-type", { name: "order.paid", description: "Paid.", schemas });
  await world.api.post("/api/v1/app", { name: "Wayne Enterprises", uid: APP });
});

async function open(path: string): Promise<Page> {
  const page = await browser.open({ token: world.server.token });
  await page.goto(world.server.url + path);
  return page;
}

const publish = async (number: number): Promise<string> => {
  const { json } = await world.api.post(`/api/v1/app/${APP}/msg`, { eventType: "order.paid", payload: { number } });
  return json.id as string;
};

describe("an outage of a receiver", () => {
  it("is visible live, explained, and repaired: endpoint, live attempt, cause, retry, replay", async () => {
    const page = await open(`/applications/${APP}`);
    await page.getByRole("button", { name: "New endpoint" }).first().click();
    await page.getByRole("dialog").getByLabel("URL").fill(`${world.receiver.url}/orders`);
    await page.getByRole("dialog").getByRole("button", { name: "Create" }).click();
    await page.getByRole("heading", { level: 1, name: /\/orders$/ }).waitFor();
    const endpoint = page.url();
    const api = `/api/v1/app/${APP}/endpoint/${/ep_\w+/.exec(endpoint)![0]}`;
    await world.api.patch(`${api}/policy`, {
      retry: { stopCodes: [500] },
      breaker: { failures: 2, windowSeconds: 1, probeSeconds: 600 },
    });

    // A message is published, and its attempt appears on the open page without a reload.
    await page.getByRole("link", { name: "Attempts", exact: true }).click();
    await page.getByText("No attempts yet.").waitFor();
    const loads = await page.evaluate(() => performance.getEntriesByType("navigation").length);
    await publish(1);
    await page.getByRole("link", { name: "HTTP 204 No Content" }).waitFor();
    expect(await page.evaluate(() => performance.getEntriesByType("navigation").length)).toBe(loads);

    // The receiver fails: the page shows the cause in a sentence, and the result of a manual retry.
    response = 500;
    const first = await publish(2);
    await page.getByRole("link", { name: "HTTP 500 Internal Server Error" }).first().click();
    await page
      .getByText("500 Internal Server Error: your application failed. Check its logs at the time of this attempt.")
      .waitFor();
    await page.goto(`${world.server.url}/applications/${APP}/messages/${first}`);
    const timeline = page.getByRole("list", { name: "Timeline" });
    await timeline.getByText("Failed", { exact: true }).waitFor();
    // From the page of the attempt, which then shows the message.
    await page.getByRole("link", { name: /^Attempt 1 HTTP 500/ }).click();
    await page.getByRole("button", { name: "Resend" }).click();
    await page.getByRole("link", { name: /^Attempt 2 HTTP 500/ }).click();

    // The attempt leads to the one before, and is compared with it.
    const steps = page.getByRole("navigation", { name: "Attempts of this delivery" });
    await steps.getByText("Attempt 2 of 2").waitFor();
    await page.getByText("Show differences").click();
    const differences = page.getByRole("group", { name: "Request", exact: true });
    await differences
      .getByText(/^webhook-signature: /)
      .first()
      .waitFor();
    await differences.getByText(`webhook-id: ${first}`).waitFor();
    await steps.getByRole("link", { name: "Previous attempt" }).click();
    await steps.getByText("Attempt 1 of 2").waitFor();

    // The circuit opens: new deliveries are on hold, and the page shows why and when the next probe is sent.
    response = 502;
    const state = async () => (await world.api.get(`${api}/state`)).json.state;
    const failing = async (): Promise<unknown> => {
      await publish(3);
      return state();
    };
    await expect.poll(failing, { interval: 300 }).toBe("open");
    const last = await publish(4);
    await page.goto(`${world.server.url}/applications/${APP}/messages/${last}`);
    await timeline.getByText("On hold", { exact: true }).waitFor();
    await timeline.getByText("recent attempts to this endpoint all failed").waitFor();
    await timeline.getByText("Next probe").waitFor();
    await page.goto(world.server.url);
    await page.getByText(/1 endpoint needs attention/).waitFor();

    // The receiver is repaired and tried at once: the deliveries on hold are sent.
    response = 204;
    await page.getByRole("link", { name: /View .*orders/ }).click();
    await page.getByRole("button", { name: "Try now" }).click();
    await page
      .getByText("Deliveries are sent as messages arrive.")
      .or(page.getByText("The endpoint is responding again."))
      .first()
      .waitFor();
    await page.goto(`${world.server.url}/applications/${APP}/messages/${last}`);
    await timeline.getByText("Delivered").waitFor();

    // A replay sends the failed messages and shows its progress.
    await page.goto(endpoint);
    await page.getByRole("button", { name: "Recover" }).click();
    await page.getByRole("dialog").getByLabel("Time range").selectOption("hour");
    await page.getByRole("dialog").getByRole("button", { name: "Recover" }).click();
    await page.getByRole("progressbar", { name: "Progress" }).waitFor();
    await page.getByText("Finished").first().waitFor();
    await page.getByText("100%").waitFor();
    await expect.poll(() => delivered.includes(first)).toBe(true);
    await page.goto(`${world.server.url}/messages?state=failed`);
    await page.getByText("No messages match these filters.").waitFor();
  });
});

/** Presses Tab until the focused element has this name. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let count = 0; count < MAX_TABS; count++) {
    await page.keyboard.press("Tab");
    const named = await page.evaluate(() => {
      const here = document.activeElement;
      if (here instanceof HTMLInputElement || here instanceof HTMLSelectElement)
        return here.labels?.[0]?.textContent ?? "";
      return here?.matches("a, button") === true ? (here.getAttribute("aria-label") ?? here.textContent) : "";
    });
    if (name.test(named)) return;
  }
  throw new Error(`Tab reaches no element named ${String(name)}.`);
}

/** Waits until an opened dialog has the focus. */
async function focusInDialog(page: Page): Promise<void> {
  await page.waitForFunction(() => document.activeElement?.closest('[role="dialog"]') !== null);
}

describe("without a mouse", () => {
  it("an endpoint can be created, tested with an example, viewed and disabled", async () => {
    response = 204;
    const page = await open(`/applications/${APP}`);
    await page.getByRole("button", { name: "New endpoint" }).first().waitFor();
    await tabTo(page, /New endpoint/);
    await page.keyboard.press("Enter");
    await focusInDialog(page);
    await tabTo(page, /^URL$/);
    await page.keyboard.type(`${world.receiver.url}/keys`);
    // Enter in a field submits the form.
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: /\/keys$/ }).waitFor();
    await page.getByRole("button", { name: "Send example" }).waitFor();
    await tabTo(page, /Send example/);
    await page.keyboard.press("Enter");
    await focusInDialog(page);
    await page.getByRole("dialog").getByRole("combobox").waitFor();
    await tabTo(page, /^Send$/);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "order.paid" }).waitFor();
    await page.getByRole("link", { name: /^Attempt 1 HTTP 204/ }).waitFor();
    await tabTo(page, /^Attempt 1/);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Timing" }).waitFor();
    await page.keyboard.press("Alt+ArrowLeft");
    await page.getByRole("link", { name: /\/keys$/ }).waitFor();
    await tabTo(page, /\/keys$/);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Disable" }).waitFor();
    await tabTo(page, /Disable/);
    await page.keyboard.press("Enter");
    await focusInDialog(page);
    await tabTo(page, /^Disable$/);
    await page.keyboard.press("Enter");
    await page.getByText("This endpoint is disabled.").waitFor();
    const { json } = await world.api.get(`/api/v1/app/${APP}/endpoint/${/ep_\w+/.exec(page.url())![0]}`);
    expect(json.disabled).toBe(true);
  });
});

/** Layout shifts recorded by `watchShifts`: their sum, and the elements that moved. */
interface Shifts {
  shift: number;
  readonly moved: string[];
}

/** Layout shift entry of Chromium. */
interface ShiftEntry extends PerformanceEntry {
  readonly value: number;
  readonly sources: readonly { readonly node: Node | null }[];
}

/** Records layout shifts that are not caused by scrolling, from when page and font are loaded. */
async function watchShifts(): Promise<void> {
  await document.fonts.ready;
  const seen: Shifts = { shift: 0, moved: [] };
  Object.assign(window, { seen });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as ShiftEntry[]) {
      seen.shift += entry.value;
      seen.moved.push(...entry.sources.map(({ node }) => `${node?.nodeName}: ${node?.textContent?.slice(0, 80)}`));
    }
  }).observe({ type: "layout-shift" });
}

describe("a long list", () => {
  it("loads more rows on scroll, without layout shifts", async () => {
    const messages = Array.from({ length: 300 }, (_, number) => ({
      // The oldest messages, shown last, need wider columns than the others.
      eventType: number < 100 ? `order.${"paid_".repeat(20)}` : "order.paid",
      payload: { number },
    }));
    const { status } = await world.api.post("/api/v1/app", { name: "Stark Industries", uid: "stark" });
    expect(status).toBe(201);
    await world.api.post("/api/v1/app/stark/msg/batch", { messages });
    const page = await open("/messages?app=stark");
    await page.locator("tr[data-index]").first().waitFor();
    await expect.poll(() => page.getByRole("status", { name: "Loading" }).count(), { timeout: 60_000 }).toBe(0);
    await page.evaluate(watchShifts);
    const widths = () =>
      page.evaluate(() => [...document.querySelectorAll("thead th")].map((head) => head.getBoundingClientRect().width));
    const before = await widths();
    await page.mouse.move(640, 500);
    const last = () =>
      page.evaluate(() =>
        Math.max(
          ...[...document.querySelectorAll("tr[data-index]")].map((row) => Number(row.getAttribute("data-index"))),
        ),
      );
    // Does not scroll beyond the rows: the end of the list moves when further rows arrive after it is visible, as on a busy machine.
    const isLoading = () =>
      page.evaluate(async () => {
        for (let frame = 0; frame < 2; frame++) await new Promise((resolve) => requestAnimationFrame(resolve));
        return [...document.querySelectorAll("button")].some(({ textContent }) => textContent === "Loading");
      });
    const scroll = async (): Promise<number> => {
      if (!(await isLoading())) await page.mouse.wheel(0, 400);
      return last();
    };
    await expect.poll(scroll, { interval: 40 }).toBe(299);
    const { shift, moved } = await page.evaluate(() => (window as unknown as { seen: Shifts }).seen);
    // The moved elements explain a failure; some shifts name none.
    expect(shift < 0.05 ? [] : [shift, ...moved]).toEqual([]);
    expect(await widths()).toEqual(before);
    expect(await page.locator("tr[data-index]").count()).toBeLessThan(100);
  });
});

describe("a message", () => {
  it("shows the effect of the transformation of each endpoint", async () => {
    response = 204;
    const path = `/api/v1/app/${APP}/endpoint`;
    const { json } = await world.api.post(path, { url: `${world.receiver.url}/changed`, channels: ["changed"] });
    const code = "function handler(webhook) { webhook.payload.amount = 2; return webhook; }";
    await world.api.patch(`${path}/${json.id as string}/transformation`, { code, enabled: true });
    const message = { eventType: "order.paid", channels: ["changed"], payload: { amount: 1 } };
    const published = await world.api.post(`/api/v1/app/${APP}/msg`, message);
    const page = await open(`/applications/${APP}/messages/${published.json.id as string}`);
    await page.getByText("Transformed before sending").click();
    const diff = page.getByRole("group", { name: "Before and after" });
    await diff.waitFor();
    const lines = (await diff.innerText()).split(/\s*\n\s*/);
    expect(lines).toEqual(expect.arrayContaining(['"amount": 1', '"amount": 2']));
    await world.api.delete(`${path}/${json.id as string}`);
  });

  it("of 1 MiB is rendered line by line, searched, and shown as hex", async () => {
    await world.api.post("/api/v1/app", { name: "Large", uid: "large" });
    const items = Array.from({ length: 20_000 }, (_, number) => ({ name: `a name of item ${number}`, ok: true }));
    const { json, status } = await world.api.post("/api/v1/app/large/msg", {
      eventType: "large.one",
      payload: { items },
    });
    expect(status).toBe(202);
    const page = await open(`/applications/large/messages/${json.id as string}`);
    const body = page.getByRole("group", { name: "Payload" });
    await body.getByText('"a name of item 1"').waitFor();
    const lines = () => body.locator("[data-index]").count();
    expect(await lines()).toBeLessThan(150);
    await page.getByRole("searchbox", { name: "Find in Payload" }).fill("item 19999");
    await body.getByText('"a name of item 19999"').waitFor();
    expect(await lines()).toBeLessThan(150);
    await page.getByLabel("View as").selectOption("hex");
    await body.getByText(/^00000000 {2}7b 22 69/).waitFor();
    expect(await lines()).toBeLessThan(150);
  });
});

describe("the live page", () => {
  it("keeps its scroll position while new rows are added above", async () => {
    const page = await open("/live");
    await expect.poll(() => page.getByRole("main").getByRole("status").first().innerText()).toBe("Live");
    const publishMany = async (eventType: string, count: number): Promise<void> => {
      const messages = Array.from({ length: count }, () => ({ eventType, payload: {} }));
      await world.api.post("/api/v1/app/large/msg/batch", { messages });
    };
    const frame = page.getByRole("group", { name: "Live" });
    await publishMany("read.before", 1);
    await frame.getByRole("link", { name: /read\.before/ }).waitFor();
    await page.getByRole("button", { name: "Clear" }).click();
    await publishMany("read.here", 60);
    const height = () => frame.evaluate((element) => element.scrollHeight);
    await expect.poll(height).toBeGreaterThan(60 * 38 - 1);
    const whole = await height();
    await frame.evaluate((element) => element.scrollTo(0, 500));
    const read = () =>
      frame.evaluate((element) => {
        const { left, top } = element.getBoundingClientRect();
        return document.elementFromPoint(left + 50, top + 100)?.closest("a")?.href;
      });
    await expect.poll(read).toContain("/messages/msg_");
    const before = await read();
    await publishMany("comes.later", 10);
    await expect.poll(height).toBeGreaterThan(whole);
    await expect.poll(read).toBe(before);
  });
});

describe("credentials, TLS and proxy of an endpoint", () => {
  it("are set one by one, apply to the next delivery, and show no secret", async () => {
    response = 204;
    const { json } = await world.api.post(`/api/v1/app/${APP}/endpoint`, { url: `${world.receiver.url}/secured` });
    const page = await open(`/applications/${APP}/endpoints/${json.id as string}?tab=security`);
    const credentials = page.getByRole("region", { name: "Credentials" });
    await credentials.getByRole("button", { name: "Configure" }).click();
    await page.getByRole("dialog").getByLabel("Type").selectOption("header");
    await page.getByLabel("Header name").fill("x-access");
    await page.getByLabel("Value", { exact: true }).fill("open-sesame");
    await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    await credentials.getByText("x-access").waitFor();
    expect(await page.content()).not.toContain("open-sesame");
    await publish(6);
    const sent = () => world.receiver.requests.find(({ path }) => path === "/secured")?.headers["x-access"];
    await expect.poll(sent).toBe("open-sesame");
    const tls = page.getByRole("region", { name: "TLS" });
    await tls.getByRole("button", { name: "Configure" }).click();
    await page.getByLabel("Pinned certificates").fill("not a fingerprint");
    await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    await page.getByRole("alert").waitFor();
    await page.getByLabel("Pinned certificates").fill("ab".repeat(32));
    await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    await tls.getByText("abab").waitFor();
    await credentials.getByRole("button", { name: "Remove" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
    await credentials.getByText("Not configured.").waitFor();
  });
});

describe("the overview", () => {
  it("shows when the certificate of a receiver expires, and links to its endpoint", async () => {
    const lab = await startLab();
    try {
      const path = `/api/v1/app/${APP}/endpoint`;
      const { json } = await world.api.post(path, { url: `${lab.ports["tls-good"]}/ok`, channels: ["secure"] });
      const endpoint = json.id as string;
      await world.api.put(`${path}/${endpoint}/egress`, { tls: { ca: lab.certificates.ca.cert } });
      const message = { eventType: "order.paid", channels: ["secure"], payload: {} };
      await world.api.post(`/api/v1/app/${APP}/msg`, message);
      const ending = async () => (await world.api.get("/api/v1/stats/now")).text;
      await expect.poll(ending, { timeout: 30_000 }).toContain(lab.ports["tls-good"]);
      const page = await open("/");
      const needs = page.getByRole("region", { name: "Needs attention" });
      await needs.getByText("Certificate").waitFor();
      await needs.getByText(/expires in (29|30) days/).waitFor();
      await needs.getByRole("link", { name: /View .*\/ok/ }).click();
      await page.getByText("Certificate expires").waitFor();
      expect(page.url()).toContain(endpoint);
      await world.api.delete(`${path}/${endpoint}`);
    } finally {
      await lab.close();
    }
  });

  it("shows the last hour by the minute, and links each bar to its messages", async () => {
    const page = await open("/");
    await page.getByRole("link", { name: "1 h", exact: true }).click();
    await expect.poll(() => page.url()).toContain("window=1h");
    const chart = page.getByRole("figure", { name: "Completed deliveries" });
    await chart.getByText("Show as table").click();
    await chart.getByRole("row").nth(60).waitFor();
    await chart.getByRole("rowheader").last().getByRole("link").click();
    await page.getByRole("heading", { level: 1, name: "Messages" }).waitFor();
    const asked = new URL(page.url()).searchParams;
    const [after, before] = ["after", "before"].map((name) => Date.parse(asked.get(name)!.replaceAll('"', "")));
    expect(before! - after!).toBe(60_000);
  });

  it("links deliveries on hold to their messages", async () => {
    const { json } = await world.api.post("/api/v1/app", { name: "Held", uid: "held" });
    expect(json.uid).toBe("held");
    await world.api.post("/api/v1/app/held/endpoint", { url: `${world.receiver.url}/held`, disabled: true });
    await world.api.post("/api/v1/app/held/msg", { eventType: "kept.back", payload: {} });
    const page = await open("/");
    await page.getByRole("link", { name: /^On hold/ }).click();
    await expect.poll(() => page.url()).toContain("state=held");
    await page.getByRole("link", { name: "kept.back" }).waitFor();
    await page
      .getByRole("row", { name: /kept\.back/ })
      .getByText("On hold", { exact: true })
      .last()
      .waitFor();
  });
});

describe("a figure of the overview", () => {
  it("links to the list behind it", async () => {
    const page = await open("/");
    await page.getByRole("link", { name: /Endpoints needing attention/ }).click();
    await page.getByRole("heading", { level: 1, name: "Endpoints needing attention" }).waitFor();
    await page.getByLabel("Status").selectOption("disabled");
    await expect.poll(() => page.url()).toContain("problem=disabled");
    await page.goBack();
    await page.goto(world.server.url);
    const disk = page.getByRole("link", { name: /Disk full/ });
    // Hidden behind the four figures, unless something there is unusual.
    const more = page.getByText("More figures");
    await more.waitFor();
    const shown = async (): Promise<boolean> => {
      if (!(await disk.isVisible())) await more.click();
      return disk.isVisible();
    };
    // The figures open by themselves when they are loaded, possibly between a check and a click.
    await expect.poll(shown, { timeout: 60_000 }).toBe(true);
    await disk.click();
    await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
  });
});
