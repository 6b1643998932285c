/** Guarantees of every page: with names of maximum length, without a connection, and in both languages. */
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { useBrowser } from "../lib/browser.ts";
import { goTo } from "../lib/go-to.ts";
import { type HostileScene, LONG, LONG_TYPE, routePaths, setUpHostileScene } from "../lib/hostile-scene.ts";
import { type DashboardScene, pagesOf } from "../lib/dashboard-scene.ts";
import { layoutFaults } from "../lib/layout-faults.ts";
import { portalLink, portalPages, type PortalScene } from "../lib/portal-scene.ts";
import { useWorld } from "../lib/world.ts";

const browser = useBrowser();
const world = useWorld({ env: { POSTHORN_RETRY_SCHEDULE: "3600" } });
let scene: HostileScene;

beforeAll(async () => {
  scene = await setUpHostileScene(world);
});

const HEIGHT = 844;
const PHONE = { width: 390, height: HEIGHT };
/**
 * Widths of the window. Themes do not affect the layout, so each width is checked in one theme, two widths in a row: a change of theme
 * renders the whole page again.
 */
const LOOKS = [
  [1440, "light"],
  [390, "light"],
  [768, "dark"],
  [2560, "dark"],
] as const;
/** Detects a hang, not a slow machine. */
const ALL_PAGES_MS = 600_000;

async function open(path: string, options: Parameters<typeof browser.open>[0] = {}): Promise<Page> {
  const page = await browser.open({ token: world.server.token, reducedMotion: "reduce", ...options });
  await page.goto(world.server.url + path);
  return page;
}

/** Unknown pages, which other tests open. */
const NOT_WALKED = new Set(["/x", "/portal/x", "/sign-in"]);
const LOADING = /^(Loading|Wird geladen)$/;

/** Waits until nothing is loading and a page or an error is shown. */
async function settled(page: Page): Promise<void> {
  await page.locator('h1, main [role="alert"], [role="alert"]').first().waitFor();
  await expect.poll(() => page.getByRole("status", { name: LOADING }).count()).toBe(0);
}

/** Texts in tables that are IDs of endpoints or applications, and not shown as code beside a name. */
function shownIds(page: Page): Promise<readonly string[]> {
  return page
    .locator("main td")
    .filter({ hasText: /^(?:ep|app)_[0-9A-Za-z]{20,}$/ })
    .filter({ hasNot: page.locator("code") })
    .allInnerTexts();
}

describe.each(["dashboard", "portal"] as const)("every page of the %s", (face) => {
  it(
    "is no wider than the window at 390, 768, 1440 and 2560 pixels in German, light and dark, with no cut-off control and no broken word in a table, including its tabs",
    async () => {
      const token = face === "portal" ? (await portalLink(world, scene.app)).token : world.server.token;
      const page = await browser.open({ token, reducedMotion: "reduce", locale: "de-DE" });
      await page.goto(`${world.server.url}${face === "portal" ? "/portal" : "/"}`);
      await settled(page);
      const isPortal = (path: string): boolean => /^\/portal(\/|$)/.test(path);
      const found: string[] = [];
      const todo = routePaths(scene.parameters).filter((path) => isPortal(path) === (face === "portal"));
      // Messages of sources use the pages of applications.
      if (face === "dashboard") todo.push(`/applications/${scene.source}/messages/${scene.inbound}`);
      expect(todo.length).toBeGreaterThan(8);
      const seen = new Set(todo);
      for (let path = todo.shift(); path !== undefined; path = todo.shift()) {
        await goTo(page, path);
        await settled(page);
        for (const [width, colorScheme] of LOOKS) {
          await page.setViewportSize({ width, height: HEIGHT });
          await page.emulateMedia({ colorScheme });
          for (const fault of await layoutFaults(page)) found.push(`${path} at ${width}: ${fault}`);
        }
        for (const id of await shownIds(page)) found.push(`${path} shows ${id}`);
        const hrefs = await page
          .locator('main a[href*="tab="]')
          .evaluateAll((links) => links.map((link) => link.getAttribute("href")!));
        for (const href of hrefs.filter((one) => one.split("?")[0] === path && !seen.has(one))) {
          seen.add(href);
          todo.push(href);
        }
      }
      expect(found).toEqual([]);
    },
    ALL_PAGES_MS,
  );
});

describe("the lists of pages that other tests visit", () => {
  it("contain a path for every route of the router", () => {
    const anything = new Proxy({}, { get: () => "x" });
    const pages = [...pagesOf(anything as DashboardScene), ...portalPages(anything as PortalScene)];
    const walked = new Set(pages.map(([, path]) => path.split("?")[0]!));
    const routes = routePaths(new Proxy({}, { get: () => "x" })).map((path) => path.replace(/(?<=.)\/$/, ""));
    expect(routes.filter((path) => !walked.has(path) && !NOT_WALKED.has(path))).toEqual([]);
  });
});

describe("a long URL", () => {
  it("is shortened in the heading to its host and its end, and copied in full", async () => {
    const page = await open(`/applications/${scene.app}/endpoints/${scene.endpoint}`, {
      permissions: ["clipboard-read", "clipboard-write"],
    });
    const heading = page.getByRole("heading", { level: 1 });
    await expect.poll(() => heading.innerText()).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/….*orders$/);
    expect(await heading.getAttribute("title")).toBe(scene.longUrl);
    await page
      .getByRole("banner")
      .or(page.locator("main header"))
      .getByRole("button", { name: "Copy" })
      .first()
      .click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(scene.longUrl);
  });
});

describe("a table with many columns", () => {
  it.each(["/issues", "/endpoints", "/endpoints/attention"])(
    "of %s is readable at every width, with long URLs",
    async (path) => {
      const page = await open(path, { locale: "de-DE" });
      await page.locator("tbody tr[data-index]").first().waitFor();
      for (const width of [390, 750, 768, 900, 1024, 1100, 1440]) {
        await page.setViewportSize({ width, height: HEIGHT });
        await expect
          .poll(() => page.evaluate(readability), { message: `${path} at ${width}` })
          .toEqual({ narrowest: true, cut: 0, lines: true });
      }
    },
  );
});

/** Whether the first cells are wide enough and take few lines, and how many pixels of the table are cut off. */
function readability(): { narrowest: boolean; cut: number; lines: boolean } {
  const table = document.querySelector("table")!;
  const cells = [...table.querySelectorAll("tbody tr[data-index] td:first-child")].map((cell) =>
    cell.getBoundingClientRect(),
  );
  return {
    narrowest: cells.every(({ width }) => width >= 110),
    cut: Math.max(0, table.scrollWidth - table.parentElement!.clientWidth),
    lines: cells.every(({ height }) => height < 220),
  };
}

describe("an unknown path", () => {
  it("shows an error page in the frame of the dashboard, with a link to the overview", async () => {
    for (const path of ["/no-such-page", "/applications/a/b/c/d/e"]) {
      const page = await open(path);
      await page.getByRole("heading", { level: 1, name: "Page not found" }).waitFor();
      await page.getByRole("navigation", { name: "Menu" }).getByRole("link", { name: "Messages" }).waitFor();
      const box = (await page.getByRole("heading", { level: 1 }).boundingBox())!;
      expect(box.x).toBeGreaterThan(200);
      await page.getByRole("link", { name: "Go to the overview" }).click();
      await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    }
  });

  it("shows an error page in the portal, with a link to its endpoints", async () => {
    const { token } = await portalLink(world, scene.app);
    const page = await open("/portal/no-such-page", { token });
    await page.getByRole("heading", { level: 1, name: "Page not found" }).waitFor();
    await page.getByRole("link", { name: "Go to your endpoints" }).click();
    await page.getByRole("heading", { level: 1, name: "Endpoints" }).waitFor();
    expect(new URL(page.url()).pathname).toBe("/portal");
  });
});

describe("without a connection", () => {
  it.each(["en-GB", "de-DE"])("the foot of the sidebar keeps its buttons within the sidebar (%s)", async (locale) => {
    const page = await browser.open({ token: world.server.token, locale });
    await page.route("**/api/v1/live", (route) => route.abort());
    await page.goto(world.server.url);
    const side = page.getByRole("complementary");
    await side.getByRole("button", { name: /Reconnect now|Jetzt verbinden/ }).waitFor();
    // Measured in one call: the sidebar redraws at each attempt to connect.
    const overflowing = await side.evaluate((sidebar) => {
      const { right } = sidebar.getBoundingClientRect();
      const parts = [...sidebar.querySelectorAll("button, [role=status]")];
      return parts.filter((part) => part.getBoundingClientRect().right > right).map((part) => part.textContent);
    });
    expect(overflowing).toEqual([]);
  });

  it.each([
    ["en-GB", /The server is not responding\. Check your connection/],
    ["de-DE", /Der Server antwortet nicht\. Prüfen Sie Ihre Verbindung/],
  ])("a page explains the failure and what to do (%s)", async (locale, text) => {
    const page = await browser.open({ token: world.server.token, locale });
    await page.route("**/api/v1/cluster", (route) => route.abort());
    await page.goto(`${world.server.url}/cluster`);
    await page.getByRole("alert").getByText(text).waitFor();
    expect(await page.getByRole("alert").innerText()).not.toMatch(/Failed to fetch|TypeError/);
  });

  it.each([
    [502, "text/html", "<h1>Bad Gateway</h1>", /A proxy responded with HTTP 502/],
    [500, "text/plain", "boom", /The server responded with HTTP 500/],
    [200, "text/html", "<h1>Sign in to the network</h1>", /The response could not be read/],
  ])("a response %d of %s is explained", async (status, contentType, body, text) => {
    const page = await browser.open({ token: world.server.token });
    await page.route("**/api/v1/cluster", (route) => route.fulfill({ status, contentType, body }));
    await page.goto(`${world.server.url}/cluster`);
    await page.getByRole("alert").getByText(text).waitFor();
    expect(await page.getByRole("alert").innerText()).not.toMatch(/boom|Unexpected token|<h1>/);
  });

  it("a form explains it too", async () => {
    const page = await open("/applications");
    await page.getByRole("button", { name: "New application" }).first().click();
    await page.getByLabel("Name").fill("Any");
    await page.route("**/api/v1/app", (route) => route.abort());
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByRole("alert").getByText("The server is not responding.").waitFor();
    expect(await page.getByRole("alert").innerText()).not.toContain("Failed to fetch");
  });
});

describe("a dialog", () => {
  it.each(["light", "dark"] as const)(
    "darkens the scroll bar gutter together with the page (%s)",
    async (colorScheme) => {
      const page = await open("/applications", { colorScheme });
      const colours = () =>
        page.evaluate(() =>
          [document.documentElement, document.body].map((one) => getComputedStyle(one).backgroundColor),
        );
      await page.getByRole("button", { name: "New application" }).first().waitFor();
      const [before, body] = await colours();
      expect(before).toBe(body);
      await page.getByRole("button", { name: "New application" }).first().click();
      await page.getByRole("dialog").waitFor();
      const [gutter, under] = await colours();
      expect(under).toBe(body);
      expect(gutter).not.toBe(before);
      await page.getByRole("button", { name: "Cancel" }).click();
      await expect.poll(colours).toEqual([before, body]);
    },
  );
});

describe("the live page", () => {
  it("aligns its columns, and shows the application and endpoint of an attempt", async () => {
    const page = await open("/live", { viewport: { width: 1440, height: 900 } });
    await expect.poll(() => page.getByRole("main").getByRole("status").first().innerText()).toBe("Live");
    await world.api.post("/api/v1/app", { name: "Short", uid: "short" });
    await world.api.post("/api/v1/app/short/endpoint", { url: `${world.receiver.url}/short` });
    await world.api.post("/api/v1/app/short/msg", { eventType: "short", payload: {} });
    await world.api.post(`/api/v1/app/${scene.app}/msg`, { eventType: LONG_TYPE, channels: [LONG], payload: {} });
    const frame = page.getByRole("group", { name: "Live" });
    const published = frame.getByRole("link").filter({ hasText: "short" });
    await expect.poll(() => published.count()).toBe(2);
    await expect.poll(() => frame.getByRole("link", { name: /Failed/ }).count()).toBe(2);
    const attempt = frame.getByRole("link", { name: /Failed/ }).filter({ hasText: "Short" });
    expect(await attempt.innerText()).toMatch(/http:\/\/127\.0\.0\.1:\d+\/short/);
    const columns = await frame
      .getByRole("link")
      .evaluateAll((rows) =>
        rows.map((row) => [...row.children].map((cell) => Math.round(cell.getBoundingClientRect().left))),
      );
    for (const row of columns) expect(row).toEqual(columns[0]);
  });
});

describe("details", () => {
  it("code that is too wide has a visible scroll bar", async () => {
    const page = await open(
      `/applications/${scene.app}/messages/${scene.message}/attempts/${scene.parameters["attempt"]!}`,
    );
    const frame = page.locator('[role="group"][tabindex="0"]').first();
    await frame.waitFor();
    const bar = await frame.evaluate((element) => {
      const [size, thumb] = ["::-webkit-scrollbar", "::-webkit-scrollbar-thumb"].map((part) =>
        getComputedStyle(element, part),
      );
      return [size!.height, thumb!.backgroundColor];
    });
    expect(Number.parseFloat(bar[0]!)).toBeGreaterThan(5);
    expect(bar[1]).not.toMatch(/rgba\(0, 0, 0, 0\)/);
  });

  it("the menu and the breadcrumbs of a message lead to Sources or Applications, where it belongs", async () => {
    const page = await open(`/applications/${scene.source}/messages/${scene.inbound}`);
    const current = page.getByRole("navigation", { name: "Menu" }).locator('[aria-current="page"]');
    await expect.poll(() => current.allInnerTexts()).toEqual(["Sources"]);
    const crumb = page.getByRole("main").locator("header nav a").first();
    expect(await crumb.innerText()).toBe("Sources");
    await page.goto(`${world.server.url}/applications/${scene.app}/messages/${scene.message}`);
    await expect.poll(() => current.allInnerTexts()).toEqual(["Applications"]);
    expect(await crumb.innerText()).toBe("Applications");
  });

  it("the recent failures of an endpoint show their message on a phone", async () => {
    const page = await open(`/applications/${scene.app}/endpoints/${scene.endpoint}`, { viewport: PHONE });
    const message = page
      .getByRole("region", { name: "Recent failures" })
      .getByRole("link", { name: scene.message })
      .first();
    await message.waitFor();
    expect(await message.isVisible()).toBe(true);
  });

  it.each([
    ["en-GB", 1, "1 attempt", "1 attempt in flight"],
    ["en-GB", 2, "2 attempts", "2 attempts in flight"],
    ["de-DE", 1, "1 Versuch", "1 laufender Versuch"],
    ["de-DE", 2, "2 Versuche", "2 laufende Versuche"],
  ])("counts have the right plural (%s, %d)", async (locale, count, attempts, inFlight) => {
    const page = await browser.open({ token: world.server.token, locale });
    await page.route("**/api/v1/stats/summary*", async (route) => {
      const json = (await (await route.fetch()).json()) as { attempts: object };
      await route.fulfill({ json: { ...json, attempts: { ...json.attempts, ok: count, failed: 0 } } });
    });
    await page.route("**/api/v1/stats/now*", async (route) => {
      const json = (await (await route.fetch()).json()) as { dispatcher: object };
      await route.fulfill({ json: { ...json, dispatcher: { ...json.dispatcher, inFlight: count } } });
    });
    await page.goto(world.server.url);
    await expect.poll(() => page.getByText(attempts, { exact: true }).count()).toBe(1);
    await expect.poll(() => page.getByText(inFlight, { exact: true }).count()).toBe(1);
  });
});
