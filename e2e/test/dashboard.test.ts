/** The dashboard in a real browser, with a real server and real deliveries. */
import { freePort } from "@posthorn/testkit";
import type { Page, Request } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { axeFaults } from "../lib/axe.ts";
import { useBrowser } from "../lib/browser.ts";
import { codeOf } from "../lib/code-editor.ts";
import { goTo } from "../lib/go-to.ts";
import { type DashboardScene, HOSTILE, pagesOf, setUpScene } from "../lib/dashboard-scene.ts";
import { useWorld } from "../lib/world.ts";

const browser = useBrowser();
const world = useWorld({
  env: { POSTHORN_LISTEN: `127.0.0.1:${await freePort()}`, POSTHORN_RETRY_SCHEDULE: "3600" },
});
let scene: DashboardScene;

beforeAll(async () => {
  scene = await setUpScene(world);
});

/** Compressed size of everything that the overview loads, charts included, without the font. */
const MAX_OVERVIEW_BYTES = 250_000;
const MAX_FONT_BYTES = 50_000;
/** Detects a hang, not a slow machine. */
const AXE_MS = 900_000;

async function open(path: string, options: Parameters<typeof browser.open>[0] = {}): Promise<Page> {
  const page = await browser.open({ token: world.server.token, ...options });
  await page.goto(world.server.url + path);
  return page;
}

/** Waits until nothing is loading. */
async function settled(page: Page): Promise<void> {
  await page.getByRole("heading", { level: 1 }).waitFor();
  await expect.poll(() => page.getByRole("status", { name: "Loading" }).count(), { timeout: 60_000 }).toBe(0);
}

/** Compressed size of the responses. */
async function bytesOf(requests: readonly Request[]): Promise<number> {
  const sizes = await Promise.all(requests.map((request) => request.sizes()));
  return sizes.reduce((sum, { responseBodySize }) => sum + responseBodySize, 0);
}

describe("the licences of the bundled packages", () => {
  it("are linked from the dashboard and the portal, including that of the font", async () => {
    const { json } = await world.api.post(`/api/v1/auth/app-portal-access/${scene.app}`, {});
    for (const page of [await open("/"), await browser.open()]) {
      if (page.url() === "about:blank") await page.goto(json.url);
      const link = page.getByRole("link", { name: "Open-source licenses" });
      const [notices] = await Promise.all([page.context().waitForEvent("page"), link.click()]);
      const text = await notices.locator("body").textContent();
      expect(text).toMatch(/react-dom [\d.]+ \(MIT\)/);
      expect(text).toMatch(/inter [\d.]+ \(OFL-1.1\)/);
    }
  });
});

describe("signing in", () => {
  it("accepts a valid token, rejects another, and keeps both out of the URL", async () => {
    const page = await browser.open();
    await page.goto(world.server.url);
    await page.getByLabel("Token").fill("nonsense");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").waitFor();
    await page.getByLabel("Token").fill(world.server.token);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    expect(page.url()).not.toContain(world.server.token.slice(0, 20));
    await page.reload();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
  });

  it("ends when the token is no longer valid", async () => {
    const page = await open("/", { token: "ended" });
    await page.getByText("This token is not valid").waitFor();
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
  });

  it("loads no more than 250 kB of scripts and styles for the overview, charts included", async () => {
    const page = await browser.open({ token: world.server.token, fresh: true });
    const loaded: Request[] = [];
    page.on("requestfinished", (request) => void loaded.push(request));
    await page.goto(world.server.url, { waitUntil: "load" });
    await settled(page);
    await page.locator("canvas").nth(1).waitFor();
    const assets = loaded.filter((request) => request.url().includes("/assets/"));
    const isFont = (request: Request): boolean => request.url().endsWith(".woff2");
    const code = await bytesOf(assets.filter((request) => !isFont(request)));
    expect(code).toBeGreaterThan(100_000);
    expect(code).toBeLessThan(MAX_OVERVIEW_BYTES);
    expect(await bytesOf(assets.filter(isFont))).toBeLessThan(MAX_FONT_BYTES);
  });
});

describe("the dashboard", () => {
  it("lists an endpoint with one failed attempt on the overview without an alarm, and links to it", async () => {
    const page = await open("/");
    await page.getByText(/All systems healthy/).waitFor();
    await page.getByRole("link", { name: /View .*bad/ }).click();
    await page.getByRole("heading", { level: 1, name: /bad/ }).waitFor();
    expect(page.url()).toContain(scene.bad);
    // Not "Active", beside the warning that it is failing.
    await page.getByRole("main").locator("header").getByText("Retrying", { exact: true }).waitFor();
  });

  it("keeps message filters in the URL", async () => {
    const page = await open("/messages");
    await page.getByLabel("Status").selectOption("retrying");
    await expect.poll(() => page.url()).toContain("state=retrying");
    await page.getByRole("link", { name: "invoice.paid" }).waitFor();
    await page.getByLabel("Status").selectOption("canceled");
    await page.getByText("No messages match these filters.").waitFor();
    await page.reload();
    await page.getByText("No messages match these filters.").waitFor();
    await page.getByRole("button", { name: "Clear" }).click();
    await page.getByRole("link", { name: "invoice.paid" }).waitFor();
    await page.getByRole("searchbox").first().fill("no such text anywhere");
    await page.keyboard.press("Enter");
    await page.getByText("No messages match these filters.").waitFor();
    await page.getByRole("searchbox").first().fill('"amount":1.5');
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "invoice.paid" }).waitFor();
  });

  it("links a message to an attempt with its cause, timing and request", async () => {
    const page = await open(`/applications/${scene.app}/messages/${scene.message}`);
    await page.getByRole("heading", { name: "Matched 2 endpoints" }).waitFor();
    await page.getByRole("link", { name: /Attempt 1 HTTP 500 Internal Server Error/ }).click();
    await page.getByText("500 Internal Server Error: your application failed.").waitFor();
    await page.getByRole("heading", { name: "Timing" }).waitFor();
    await page.getByRole("rowheader", { name: "webhook-signature" }).waitFor();
    await page
      .getByText(/in \d+/)
      .first()
      .waitFor();
    expect(await page.getByRole("button", { name: "Copy as curl" }).count()).toBe(1);
  });

  it("shows a hostile payload and response as text", async () => {
    const page = await open(`/applications/${scene.app}/messages/${scene.message}`);
    await page.getByRole("group", { name: "Payload" }).getByText("onerror").waitFor();
    await page.goto(
      `${world.server.url}/applications/${scene.app}/messages/${scene.message}/attempts/${scene.failedAttempt}`,
    );
    const response = page.getByRole("group", { name: "Response body" });
    expect(await response.innerText()).toContain(HOSTILE);
    await page.goto(`${world.server.url}/applications/${scene.app}/endpoints/${scene.bad}`);
    await page.getByText("onerror").first().waitFor();
    expect(await page.evaluate(() => "broken" in window)).toBe(false);
    expect(await page.locator("main img").count()).toBe(0);
  });

  it("shows the numbers of a payload as they were published", async () => {
    const { json } = await world.api.post(
      `/api/v1/app/${scene.app}/msg`,
      '{"eventType":"exact.numbers","payload":{"price":1.0,"big":12345678901234567890}}',
    );
    const page = await open(`/applications/${scene.app}/messages/${json.id as string}`);
    const payload = page.getByRole("group", { name: "Payload", exact: true });
    await payload.getByText("12345678901234567890").waitFor();
    expect(await payload.innerText()).toContain("1.0");
  });

  it("shows an attempt that is made while the page is open", async () => {
    const page = await open(`/applications/${scene.app}/messages/${scene.message}`);
    await page
      .getByRole("link", { name: /Attempt 1/ })
      .first()
      .waitFor();
    const before = await page.getByRole("link", { name: /^Attempt \d/ }).count();
    await page.getByRole("button", { name: "Resend" }).click();
    await expect.poll(() => page.getByRole("link", { name: /^Attempt \d/ }).count()).toBe(before + 1);
    await page.getByText("Manual").waitFor();
  });
});

describe("an endpoint", () => {
  it("is created, gets a policy, a tested filter and a new secret", async () => {
    const page = await open(`/applications/${scene.app}`);
    await page.getByRole("button", { name: "New endpoint" }).first().click();
    await page.getByLabel("URL").fill(`${world.receiver.url}/made`);
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByRole("heading", { level: 1, name: /made/ }).waitFor();

    await page.getByRole("link", { name: "Delivery policy" }).click();
    await page.getByLabel("Concurrent attempts").fill("3");
    await page.getByLabel("Delays between attempts").fill("10s, 5m, 1h");
    await page.getByText("4 attempts over at least 1.1 h.").waitFor();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved", { exact: true }).waitFor();
    const id = /ep_\w+/.exec(page.url())![0];
    const { json: policy } = await world.api.get(`/api/v1/app/${scene.app}/endpoint/${id}/policy`);
    expect(policy.policy).toEqual({
      limits: { concurrency: 3 },
      retry: { backoff: expect.objectContaining({ type: "schedule", delays: [10, 300, 3600] }) },
    });

    await page.getByRole("link", { name: "Types and filter" }).click();
    await page.getByText("There is no filter").waitFor();
    await page.getByRole("button", { name: "Add filter", exact: true }).click();
    const row = page.getByRole("listitem", { name: "Filter condition 1" });
    // Fields come from the payloads of recent messages.
    await expect.poll(() => page.locator('datalist option[value="body.amount"]').count()).toBeGreaterThan(0);
    await row.getByLabel("Field").fill("body.amount");
    await row.getByLabel("Operator").selectOption("gt");
    await row.getByLabel("Value").fill("100");
    expect(await axeFaults(page, "light")).toEqual([]);
    await page.getByLabel("Message", { exact: true }).first().selectOption({ index: 1 });
    await page.getByRole("button", { name: "Run test" }).first().click();
    await page.getByText("This endpoint would not receive the message").waitFor();
    const filter = page.getByRole("region", { name: "Filter" });
    const saved = async (): Promise<unknown> =>
      (await world.api.get(`/api/v1/app/${scene.app}/endpoint/${id}/filter`)).json.filter;
    await filter.getByRole("button", { name: "Save" }).click();
    await expect.poll(saved).toEqual({ body: { amount: { $gt: 100 } } });
    await filter.getByRole("button", { name: "JSON" }).click();
    const json = page.getByLabel("Filter (JSON)");
    expect(JSON.parse(await codeOf(json))).toEqual({ body: { amount: { $gt: 100 } } });
    await json.fill('{"body":');
    await page.getByText("Not valid JSON yet").waitFor();
    expect(await filter.getByRole("button", { name: "Save" }).isDisabled()).toBe(true);
    await filter.getByRole("button", { name: "Remove filter" }).click();
    await filter.getByRole("button", { name: "Save" }).click();
    await expect.poll(saved).toBeNull();

    await page.getByRole("link", { name: "Secret and headers" }).click();
    await page.getByRole("button", { name: "Show" }).click();
    const before = await page
      .getByText(/^whsec_[\w+/]/)
      .first()
      .innerText();
    await page.getByRole("button", { name: "Rotate" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Rotate" }).click();
    await page.getByText("Secret rotated.").waitFor();
    await page.getByRole("button", { name: "Show" }).click();
    await expect
      .poll(() =>
        page
          .getByText(/^whsec_[\w+/]/)
          .first()
          .innerText(),
      )
      .not.toBe(before);
  });

  it("is disabled, and enabled again after discarding the deliveries on hold", async () => {
    const page = await open(`/applications/${scene.app}/endpoints/${scene.good}`);
    await page.getByRole("button", { name: "Disable" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Disable" }).click();
    await page.getByText("This endpoint is disabled.").waitFor();
    const isOff = async () => (await world.api.get(`/api/v1/app/${scene.app}/endpoint/${scene.good}`)).json.disabled;
    expect(await isOff()).toBe(true);
    const { json } = await world.api.post(`/api/v1/app/${scene.app}/msg`, { eventType: "held.back", payload: {} });
    await page.reload();
    await page.getByRole("button", { name: "Enable" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("1 delivery is on hold.").waitFor();
    await dialog.getByLabel("Deliveries on hold").selectOption("discard");
    await dialog.getByRole("button", { name: "Enable" }).click();
    await page.getByText("This endpoint is disabled.").waitFor({ state: "detached" });
    expect(await isOff()).toBe(false);
    const stateOf = async () => {
      const { json: list } = await world.api.get(`/api/v1/app/${scene.app}/msg/${json.id as string}/delivery`);
      const rows = list.data as { endpointId: string; state: string }[];
      return rows.find(({ endpointId }) => endpointId === scene.good)?.state;
    };
    await expect.poll(stateOf).toBe("canceled");
  });

  it("is paused and resumed, and deliveries put on hold in between are sent", async () => {
    const page = await open(`/applications/${scene.app}/endpoints/${scene.good}`);
    const now = page.getByRole("region", { name: "Delivery status" });
    await now.getByRole("button", { name: "Pause" }).click();
    await now.getByText("The endpoint is paused until you resume it.").waitFor();
    const before = world.receiver.requests.length;
    await world.api.post(`/api/v1/app/${scene.app}/msg`, { eventType: "paused.meanwhile", payload: {} });
    await page.reload();
    await now.getByText("On hold", { exact: true }).waitFor();
    await now.getByRole("button", { name: "Resume" }).click();
    await now.getByText("Deliveries are sent as messages arrive.").waitFor();
    const arrived = () =>
      world.receiver.requests.slice(before).filter(({ path, body }) => path === "/good" && body.toString() === "{}")
        .length;
    await expect.poll(arrived).toBe(1);
  });

  it("that asked to wait shows the next probe, and can be tried at once", async () => {
    const asking = await world.api.post(`/api/v1/app/${scene.app}/endpoint`, { url: `${world.receiver.url}/busy` });
    const publish = () => world.api.post(`/api/v1/app/${scene.app}/msg`, { eventType: "too.much", payload: {} });
    await publish();
    const page = await open(`/applications/${scene.app}/endpoints/${asking.json.id as string}`);
    const now = page.getByRole("region", { name: "Delivery status" });
    await now.getByText("last response asked to wait").waitFor();
    await now.getByText("Next probe").waitFor();
    // The first message waits for its retry; this one is put on hold.
    await publish();
    const tries = () => world.receiver.requests.filter(({ path }) => path === "/busy").length;
    const before = tries();
    await now.getByRole("button", { name: "Try now" }).click();
    await expect.poll(tries).toBeGreaterThan(before);
    await world.api.delete(`/api/v1/app/${scene.app}/endpoint/${asking.json.id as string}`);
  });

  it("with ordered delivery shows the blocking message, and unblocks the later ones", async () => {
    const policy = { order: { by: "key", onFailure: "block", maxBlockSeconds: 3600 } };
    const made = await world.api.post(`/api/v1/app/${scene.app}/endpoint`, { url: `${world.receiver.url}/ordered` });
    const id = made.json.id as string;
    await world.api.patch(`/api/v1/app/${scene.app}/endpoint/${id}/policy`, policy);
    const publish = (payload: object) =>
      world.api.post(`/api/v1/app/${scene.app}/msg`, { eventType: "in.order", orderingKey: "customer-7", payload });
    await publish({ refuse: true });
    await publish({ second: true });
    const page = await open(`/applications/${scene.app}/endpoints/${id}`);
    const blockers = page.getByRole("region", { name: "Blocking messages" }).first();
    await blockers.getByText("customer-7").waitFor();
    await blockers.getByRole("button", { name: "Unblock" }).click();
    await expect
      .poll(() => world.receiver.requests.some(({ path, body }) => path === "/ordered" && body.includes("second")))
      .toBe(true);
    await world.api.delete(`/api/v1/app/${scene.app}/endpoint/${id}`);
  });
});

describe("a replay", () => {
  it("is counted by a dry run, then started, and shows its progress", async () => {
    const page = await open(`/replays/new?app=${scene.app}&endpoint=${scene.good}`);
    await page.getByLabel("Delivered").check();
    await page.getByRole("button", { name: "Dry run" }).click();
    await page.getByText(/deliver(y|ies) would be sent/).waitFor();
    const count = world.receiver.requests.length;
    await page.getByLabel("Reason").fill("After an outage");
    await page.getByRole("button", { name: "Start replay" }).click();
    await page.getByRole("heading", { level: 1, name: "After an outage" }).waitFor();
    await page.getByText("Finished").first().waitFor();
    await expect.poll(() => world.receiver.requests.length).toBeGreaterThan(count);
    await page.getByRole("link", { name: "Replays" }).first().click();
    await page.getByRole("link", { name: "After an outage" }).waitFor();
  });
});

describe("the live page", () => {
  it("shows events as they happen, pauses, and resumes", async () => {
    const page = await open("/live");
    await page.getByRole("main").getByText("Live", { exact: true }).last().waitFor();
    const publish = (eventType: string) => world.api.post(`/api/v1/app/${scene.app}/msg`, { eventType, payload: {} });
    await expect.poll(() => page.getByRole("main").getByRole("status").first().innerText()).toBe("Live");
    await publish("live.one");
    await page
      .getByRole("link", { name: /live\.one/ })
      .first()
      .waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    await publish("live.two");
    await expect.poll(() => page.getByRole("button", { name: /Resume \d/ }).count()).toBe(1);
    expect(await page.getByRole("link", { name: /live\.two/ }).count()).toBe(0);
    await page.getByRole("button", { name: "Resume" }).click();
    await page
      .getByRole("link", { name: /live\.two/ })
      .first()
      .waitFor();
  });

  it("catches up on messages that arrived while the connection was down", async () => {
    const page = await open("/live");
    await expect.poll(() => page.getByRole("main").getByRole("status").first().innerText()).toBe("Live");
    await world.api.post(`/api/v1/app/${scene.app}/msg`, { eventType: "before.break", payload: {} });
    await page
      .getByRole("link", { name: /before\.break/ })
      .first()
      .waitFor();
    await page.route("**/api/v1/live", (route) => route.abort());
    await world.restart();
    await page.getByRole("main").getByText("Connection lost. Reconnecting.").waitFor();
    await world.api.post(`/api/v1/app/${scene.app}/msg`, { eventType: "during.break", payload: {} });
    await page.unroute("**/api/v1/live");
    await page.getByText(/Reconnected\. \d+ message/).waitFor();
    await page
      .getByRole("link", { name: /during\.break/ })
      .first()
      .waitFor();
    await world.api.post(`/api/v1/app/${scene.app}/msg`, { eventType: "after.break", payload: {} });
    await page
      .getByRole("link", { name: /after\.break/ })
      .first()
      .waitFor();
  });
});

describe("the cluster page", () => {
  it("shows the node that serves the page, and that it owns every shard", async () => {
    const { json } = await world.api.get("/api/v1/cluster");
    const [node] = json.nodes as { id: number; host: string }[];
    const page = await open("/");
    await settled(page);
    await page.keyboard.press("g");
    await page.keyboard.press("n");
    const row = page.getByRole("table", { name: "Nodes" }).getByRole("row").nth(1);
    await row.getByText(`Node ${node!.id}`, { exact: true }).waitFor();
    expect(await row.innerText()).toContain(node!.host);
    await row.getByText("Running").waitFor();
    await page.getByRole("region", { name: "Shard distribution" }).getByText("64 of 64").waitFor();
  });

  it("shows a loading error, and loads again on request", async () => {
    const page = await browser.open({ token: world.server.token });
    await page.route("**/api/v1/cluster", (route) =>
      route.fulfill({ status: 403, json: { code: "no", detail: "No." } }),
    );
    await page.goto(`${world.server.url}/cluster`);
    await page.getByRole("alert").waitFor();
    await page.unroute("**/api/v1/cluster");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("table", { name: "Nodes" }).waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
  });
});

describe("the keyboard alone", () => {
  it("skips to the content, goes to pages, searches, and opens rows", async () => {
    const page = await open("/");
    await settled(page);
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to content");
    await page.keyboard.press("g");
    await page.keyboard.press("m");
    await page.getByRole("heading", { level: 1, name: "Messages" }).waitFor();
    await page.getByRole("link", { name: "invoice.paid" }).first().waitFor();
    await page.keyboard.press("/");
    expect(await page.evaluate(() => document.activeElement?.getAttribute("type"))).toBe("search");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Filters" }).focus();
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.url()).toContain("/messages/msg_");
    await page.keyboard.press("?");
    await page.getByRole("heading", { level: 1, name: "Keyboard shortcuts" }).waitFor();
  });
});

const DESKTOP = { width: 1280, height: 860 };
const PHONE = { width: 390, height: 844 };
const FITS_WITHIN = { timeout: 60_000 };

/** Whether the page scrolls horizontally on a phone. */
async function isTooWide(page: Page): Promise<boolean> {
  await page.setViewportSize(PHONE);
  // Charts follow the width of the window a little later.
  const fitting = page.waitForFunction(() => document.documentElement.scrollWidth <= innerWidth, null, FITS_WITHIN);
  const isWide = await fitting.then(
    () => false,
    () => true,
  );
  await page.setViewportSize(DESKTOP);
  return isWide;
}

describe("in light and dark colours", () => {
  it(
    "axe finds no violation on any page, and none with a query scrolls horizontally on a phone",
    async () => {
      const page = await open("/", { reducedMotion: "reduce" });
      const found: string[] = [];
      // One pass for all checks, because loading and rendering a page takes longer than checking it.
      for (const [name, path] of pagesOf(scene)) {
        await page.emulateMedia({ colorScheme: "light" });
        await goTo(page, path);
        await settled(page);
        for (const fault of await axeFaults(page, "light")) found.push(`${name}: ${fault}`);
        // Colours do not affect widths, and `dashboard-pages.test.ts` checks the widths of the other pages, with longer texts.
        if (path.includes("?") && (await isTooWide(page))) found.push(`${name}: too wide`);
        await page.emulateMedia({ colorScheme: "dark" });
        for (const fault of await axeFaults(page, "dark")) found.push(`${name} in the dark: ${fault}`);
      }
      expect(found).toEqual([]);
    },
    AXE_MS,
  );
});

describe("at the width of a phone", () => {
  it("the menu links to every page", async () => {
    const page = await open("/", { viewport: PHONE });
    await settled(page);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    await page.getByRole("button", { name: "Menu" }).click();
    await page.getByRole("dialog").getByRole("link", { name: "Messages" }).click();
    await page.getByRole("heading", { level: 1, name: "Messages" }).waitFor();
    expect(await page.getByRole("dialog").count()).toBe(0);
  });
});

describe("in German", () => {
  it("the pages are translated, and another language can be chosen", async () => {
    const page = await open("/", { locale: "de-DE" });
    await page.getByRole("heading", { level: 1, name: "Übersicht" }).waitFor();
    await page.getByRole("link", { name: "Nachrichten" }).first().click();
    await page.getByRole("heading", { level: 1, name: "Nachrichten" }).waitFor();
    await page.getByRole("button", { name: "Design, Sprache und Sitzung" }).last().click();
    expect(await page.evaluate(() => document.documentElement.lang)).toBe("de");
    await page.getByRole("menuitemradio", { name: "English" }).click();
    await page.getByRole("heading", { level: 1, name: "Messages" }).waitFor();
    expect(await page.evaluate(() => document.documentElement.lang)).toBe("en");
  });
});
