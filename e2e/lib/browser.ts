/** A real browser on the pages that the server serves. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll } from "vitest";
import { findChromium } from "./chromium.ts";

/** Without these, Chromium looks for hosts of its maker at each start. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const INSTALL_MS = 600_000;
const SESSION_KEY = "posthorn.session";

export interface TestBrowser {
  /** A page of its own, with nothing of other tests in it; signed in when a token is given. Closed after the test. */
  open(options?: BrowserContextOptions & { readonly token?: string }): Promise<Page>;
}

/** Builds the pages if they are not current, and starts the browser. A test fails when its pages reported an error. */
export function useBrowser(): TestBrowser {
  let browser: Browser;
  const pages: Page[] = [];
  const faults: string[] = [];
  beforeAll(async () => {
    const built = spawnSync("npm", ["run", "-s", "build:dashboard", "--", "--if-changed"], {
      cwd: REPOSITORY,
      stdio: "inherit",
    });
    if (built.status !== 0) throw new Error("The dashboard cannot be built.");
    browser = await chromium.launch({ executablePath: findChromium(), args: FLAGS });
  }, INSTALL_MS);
  afterEach(async () => {
    await Promise.all(pages.splice(0).map((page) => page.context().close()));
    const seen = faults.splice(0);
    if (seen.length > 0) throw new Error(`The page reported:\n${seen.join("\n")}`);
  });
  afterAll(() => browser?.close());
  return {
    open: async ({ token, ...options } = {}) => {
      const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 860 }, ...options });
      if (token !== undefined) {
        await context.addInitScript(([key, value]) => sessionStorage.setItem(key!, value!), [SESSION_KEY, token]);
      }
      const page = await context.newPage();
      pages.push(page);
      page.on("pageerror", (error) => faults.push(error.message));
      page.on("console", (message) => {
        // What the policy of the page refused is a fault of the page, whoever tried it.
        if (message.type() === "error" && message.text().includes("Content Security Policy"))
          faults.push(message.text());
      });
      return page;
    },
  };
}
