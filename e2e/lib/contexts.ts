/**
 * Contexts of a browser that the tests of a file use one after the other. A page loads with two thirds of the CPU time in a context that was
 * used before: its process is running, and has the scripts of the pages in compiled form.
 */
import type { Browser, BrowserContext, BrowserContextOptions, Frame, Page } from "playwright-core";

const SETTINGS: BrowserContextOptions = { locale: "en-GB", viewport: { width: 1280, height: 860 } };
/** The first page of a browser is slow while other tests use the processors. */
const TIMEOUT_MS = 120_000;

export interface TestContext {
  readonly context: BrowserContext;
  /** Which contexts can replace it. */
  readonly key: string;
  /** Origins of which the browser may have stored something. */
  readonly origins: Set<string>;
  /** An empty page that keeps the process of the others running; `null` until the end of the first test. */
  parked: Page | null;
}

export class Contexts {
  readonly #browser: Browser;
  readonly #idle: TestContext[] = [];

  constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** A context without data. With `fresh`, its cache is empty as well. */
  async take(options: BrowserContextOptions, fresh: boolean): Promise<TestContext> {
    const key = JSON.stringify(options);
    const index = fresh ? -1 : this.#idle.findIndex((idle) => idle.key === key);
    if (index >= 0) return this.#idle.splice(index, 1)[0]!;
    const context = await this.#browser.newContext({ ...SETTINGS, ...options });
    context.setDefaultTimeout(TIMEOUT_MS);
    const origins = new Set<string>();
    const note = (frame: Frame): void => {
      const origin = URL.parse(frame.url())?.origin;
      if (origin !== undefined && origin !== "null") origins.add(origin);
    };
    context.on("page", (page) => void page.on("framenavigated", note));
    return { context, key, origins, parked: null };
  }

  /** Removes everything that a test has left in a context, and keeps it for the next test. Closes it if pages had several origins. */
  async release(used: TestContext): Promise<void> {
    const { context, origins } = used;
    const [origin] = origins;
    const pages = context.pages().filter((page) => page !== used.parked);
    if (used.parked === null && pages.length > 0 && origins.size === 1)
      used.parked = await park(pages.shift()!, origin!);
    if (used.parked === null || origins.size > 1) return context.close();
    await Promise.all(pages.map((page) => page.close()));
    await context.clearPermissions();
    await context.clearCookies();
    const session = await context.newCDPSession(used.parked);
    await session.send("Storage.clearDataForOrigin", { origin: origin!, storageTypes: "all" });
    await session.detach();
    this.#idle.push(used);
  }
}

/** Replaces a page by an empty one of the same origin, which needs no server. */
async function park(page: Page, origin: string): Promise<Page> {
  // Requests that the navigation ends are no faults.
  page.removeAllListeners();
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await page.route("**/*", (route) => route.fulfill({ contentType: "text/html", body: "" }));
  await page.goto(`${origin}/parked`);
  return page;
}
