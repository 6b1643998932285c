/** The dashboard under unusual conditions: a slow network, less motion, on paper, in another time zone, and with a named environment. */
import { gzipSync } from "node:zlib";
import type { Page, Route } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { axeFaults } from "../lib/axe.ts";
import { useBrowser } from "../lib/browser.ts";
import { type DashboardScene, pagesOf, setUpScene } from "../lib/dashboard-scene.ts";
import { goTo } from "../lib/go-to.ts";
import { layoutFaults } from "../lib/layout-faults.ts";
import { portalLink, portalPages } from "../lib/portal-scene.ts";
import { useWorld } from "../lib/world.ts";

const browser = useBrowser();
const world = useWorld({ env: { POSTHORN_RETRY_SCHEDULE: "3600", POSTHORN_ENVIRONMENT: "staging" } });
let scene: DashboardScene;

beforeAll(async () => {
  scene = await setUpScene(world);
});

/** Detects a hang, not a slow machine. */
const ALL_PAGES_MS = 600_000;
const FIRST_LOAD_BYTES = 180_000;
/** Width of A4 at 96 pixels per inch. */
const PAPER = { width: 794, height: 1123 };

async function open(path: string, options: Parameters<typeof browser.open>[0] = {}): Promise<Page> {
  const page = await browser.open({ token: world.server.token, ...options });
  await page.goto(world.server.url + path);
  return page;
}

async function settled(page: Page): Promise<void> {
  await page.getByRole("heading", { level: 1 }).waitFor();
  await expect.poll(() => page.getByRole("status", { name: "Loading" }).count()).toBe(0);
}

/** Requests that wait until they are released. */
function holdRequests(): { readonly hold: (route: Route) => Promise<void>; readonly release: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  // The page may be closed before its requests are answered.
  return { hold: (route) => promise.then(() => route.continue()).catch(() => undefined), release: resolve };
}

/** Animations that run on the page. */
function running(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      document.getAnimations().filter((one) => {
        const { duration, iterations } = one.effect!.getComputedTiming();
        return one.playState === "running" && (Number(duration) > 1 || iterations !== 1);
      }).length,
  );
}

describe("the first load", () => {
  it("is at most 180 kB of page, scripts and styles with gzip", async () => {
    const html = await (await fetch(`${world.server.url}/`, { headers: { accept: "text/html" } })).text();
    const files = [...html.matchAll(/<(?:script|link)[^>]*\b(?:src|href)="[./]*(assets\/[^"]+\.(?:js|css))"/g)];
    expect(files.length).toBeGreaterThan(1);
    const contents = await Promise.all(
      files.map(async ([, path]) => Buffer.from(await (await fetch(`${world.server.url}/${path!}`)).arrayBuffer())),
    );
    const size = [Buffer.from(html), ...contents].reduce((sum, bytes) => sum + gzipSync(bytes).length, 0);
    expect(size).toBeGreaterThan(100_000);
    expect(size).toBeLessThanOrEqual(FIRST_LOAD_BYTES);
  });

  it.each(["/", "/portal"])("of %s shows a placeholder while its scripts are loading", async (path) => {
    const token = path === "/" ? world.server.token : (await portalLink(world, scene.app)).token;
    const page = await browser.open({ token, fresh: true });
    const { hold, release } = holdRequests();
    await page.route("**/assets/*.js", hold);
    await page.goto(world.server.url + path, { waitUntil: "commit" });
    await page.locator(".starting").waitFor();
    expect(await page.locator(".starting > div").count()).toBe(3);
    release();
    await settled(page);
    expect(await page.locator(".starting").count()).toBe(0);
  });
});

describe("on a slow network", () => {
  it("the preferences open if their menu loads in the middle of the click", async () => {
    const page = await open("/");
    await settled(page);
    const { hold, release } = holdRequests();
    const requested = page.waitForRequest(/\/assets\/preferences-menu[^/]*\.js/);
    await page.route(/\/assets\/preferences-menu[^/]*\.js/, hold);
    const button = page.getByRole("button", { name: "Theme, language and session" }).last();
    await button.hover();
    await page.mouse.down();
    await requested;
    release();
    const choice = page.getByRole("menuitemradio", { name: "UTC, 24 hours" });
    await choice.waitFor();
    await page.mouse.up();
    expect(await choice.isVisible()).toBe(true);
  });

  it("the frame is shown while the server has not said what the reader may do", async () => {
    const page = await browser.open({ token: world.server.token });
    const { hold, release } = holdRequests();
    await page.route("**/api/v1/**", hold);
    await page.goto(world.server.url);
    await page.getByRole("complementary").getByRole("link", { name: "Posthorn" }).waitFor();
    await page.getByRole("main").getByRole("status", { name: "Loading" }).waitFor();
    expect(await axeFaults(page, "light")).not.toContainEqual(expect.stringMatching(/^(?!page-has-heading-one)/));
    const before = await page.getByRole("main").boundingBox();
    release();
    await settled(page);
    expect((await page.getByRole("main").boundingBox())!.x).toBe(before!.x);
  });

  it.each(["dashboard", "portal"] as const)(
    "every page of the %s says that it is loading, and shows nothing broken",
    async (face) => {
      const isPortal = face === "portal";
      const token = isPortal ? (await portalLink(world, scene.app)).token : world.server.token;
      const page = await browser.open({ token, reducedMotion: "reduce" });
      await page.goto(`${world.server.url}${isPortal ? "/portal" : "/shortcuts"}`);
      await settled(page);
      const { hold, release } = holdRequests();
      await page.route(/\/(?:ingest\/)?api\/v1\/(?!live)/, hold);
      const found: string[] = [];
      const other = { app: "", endpoint: "", message: "" };
      const all = isPortal ? portalPages({ ...scene, other }) : pagesOf(scene);
      for (const [name, path] of all) {
        await goTo(page, path);
        const main = page.getByRole("main");
        const text = await main.innerText();
        const isLoading = (await main.getByRole("status", { name: "Loading" }).count()) > 0;
        if (!isLoading && (await main.getByRole("heading").count()) === 0) found.push(`${name} is empty`);
        if (/undefined|NaN|\[object|Invalid Date/.test(text)) found.push(`${name} shows ${text.slice(0, 200)}`);
        if ((await main.getByRole("alert").count()) > 0) found.push(`${name} shows an error`);
        for (const fault of await layoutFaults(page)) found.push(`${name}: ${fault}`);
      }
      release();
      expect(found).toEqual([]);
    },
    ALL_PAGES_MS,
  );
});

describe("with reduced motion", () => {
  it.each([
    ["no-preference", true],
    ["reduce", false],
  ] as const)("(%s) placeholders pulse: %s", async (reducedMotion, isPulsing) => {
    const page = await browser.open({ token: world.server.token, reducedMotion });
    const { hold, release } = holdRequests();
    await page.route("**/api/v1/stats/**", hold);
    await page.goto(world.server.url);
    await page.getByRole("main").getByRole("status", { name: "Loading" }).first().waitFor();
    await expect.poll(async () => (await running(page)) > 0).toBe(isPulsing);
    release();
    await settled(page);
  });
});

describe("on paper", () => {
  it(
    "every page is light, without navigation and buttons, and no wider than the paper, also from the dark theme",
    async () => {
      const page = await open("/", { reducedMotion: "reduce", colorScheme: "dark", viewport: PAPER });
      await settled(page);
      const found: string[] = [];
      for (const [name, path] of pagesOf(scene)) {
        await page.emulateMedia({ media: "screen" });
        await goTo(page, path);
        await settled(page);
        await page.emulateMedia({ media: "print" });
        for (const fault of await page.evaluate(printFaults)) found.push(`${name}: ${fault}`);
      }
      expect(found).toEqual([]);
    },
    ALL_PAGES_MS,
  );
});

/** Runs in the page. */
function printFaults(): readonly string[] {
  const isVisible = (element: Element): boolean => element.getClientRects().length > 0;
  const faults: string[] = [];
  for (const control of document.querySelectorAll("nav, aside, button, header a[href='#main']"))
    if (isVisible(control) && !control.matches("a")) faults.push(`shows ${control.outerHTML.slice(0, 80)}`);
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth) faults.push(`${scrollWidth} of ${clientWidth} pixels wide`);
  const heading = document.querySelector("h1");
  if (heading === null || !isVisible(heading)) faults.push("has no heading");
  const canvas = document.createElement("canvas").getContext("2d")!;
  const lightness = (colour: string): number => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0] = canvas.getImageData(0, 0, 1, 1).data;
    return (red + green + blue) / 3;
  };
  if (heading !== null && lightness(getComputedStyle(heading).color) > 90) faults.push("has light text");
  for (const card of document.querySelectorAll("main section, main table, main pre")) {
    const { backgroundColor } = getComputedStyle(card);
    if (isVisible(card) && !backgroundColor.endsWith(", 0)") && lightness(backgroundColor) < 200)
      faults.push(`has a dark ${card.tagName}`);
  }
  return faults;
}

describe("the clock", () => {
  it("that the reader chooses applies to charts, the live page, filters and choices, not only to lists", async () => {
    const page = await open("/", { locale: "en-US", timezoneId: "America/New_York" });
    await settled(page);
    const button = page.getByRole("button", { name: "Theme, language and session" }).last();
    await button.click();
    await page.getByRole("menuitemradio", { name: "UTC, 24 hours" }).click();
    await page.keyboard.press("Escape");

    const utc = (options: Intl.DateTimeFormatOptions, at: string): string =>
      new Intl.DateTimeFormat("en-US", { ...options, hourCycle: "h23", timeZone: "UTC" }).format(Date.parse(at));
    const short = { dateStyle: "short", timeStyle: "short" } as const;
    const [response] = await Promise.all([page.waitForResponse(/\/api\/v1\/stats\/series/), page.reload()]);
    const { points } = (await response.json()) as { readonly points: readonly { readonly at: string }[] };
    await settled(page);
    await page.getByText("Show as table").first().click();
    const rows = page.getByRole("main").locator("details tbody th");
    await expect.poll(() => rows.first().innerText()).toBe(utc(short, points[0]!.at));

    const message = await world.api.get(`/api/v1/app/${scene.app}/msg/${scene.message}`);
    const published = message.json["timestamp"] as string;
    await goTo(page, "/live");
    const row = page.getByRole("group", { name: "Live" }).locator(`a[href$="${scene.message}"]`);
    await expect.poll(() => row.innerText()).toContain(utc({ timeStyle: "medium" }, published));

    const after = "2026-01-02T03:04:00.000Z";
    await goTo(page, `/messages?after=${encodeURIComponent(after)}`);
    const field = page.getByLabel("From", { exact: true });
    if (!(await field.isVisible())) await page.getByRole("button", { name: "Filters" }).click();
    await expect.poll(() => field.inputValue()).toBe("2026-01-02T03:04");
    await field.fill("2026-01-02T05:06");
    await page.waitForURL((url) => url.searchParams.get("after") === "2026-01-02T05:06:00.000Z");

    await goTo(page, `/applications/${scene.app}/endpoints/${scene.bad}?tab=matching`);
    const option = page.locator(`option[value="${scene.message}"]`).first();
    await expect.poll(() => option.innerText()).toContain(utc(short, published));
  });
});

describe("the live page", () => {
  it("begins with the latest messages, before anything happens", async () => {
    const page = await open("/live");
    const frame = page.getByRole("group", { name: "Live" });
    await frame.locator(`a[href$="${scene.message}"]`).waitFor();
    const [newest] = (await world.api.get("/api/v1/message?limit=1")).json["data"] as { readonly id: string }[];
    expect(await frame.getByRole("link").first().getAttribute("href")).toContain(newest!.id);
  });
});

describe("the sidebar", () => {
  it("names the environment and the host of the server", async () => {
    const page = await open("/");
    const side = page.getByRole("complementary");
    await expect.poll(() => side.innerText()).toMatch(/^staging$/m);
    expect((await side.innerText()).split("\n")).toContain(new URL(world.server.url).host);
  });
});
