/** A real browser on the pages of the server. */
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll } from "vitest";
import { findChromium } from "./chromium.ts";
import { Contexts, type TestContext } from "./contexts.ts";

/** Some keep Chromium from contacting Google's servers at each start, and others save CPU time. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  // A page takes a seventh less CPU time if drawing and the network have no processes of their own.
  "--in-process-gpu",
  "--enable-features=NetworkServiceInProcess2",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Renderers are then children of the browser, so that `npm test` counts their CPU time.
  "--no-zygote",
  // Pages of one context share a process. With more than one, Chromium starts another for each page.
  "--renderer-process-limit=1",
];

const INSTALL_MS = 600_000;
const SESSION_KEY = "posthorn.session";

export interface TestBrowser {
  /** A new page with its own storage; signed in when a token is given. Closed after the test, or with `keep` after all tests of the file. */
  open(options?: OpenOptions): Promise<Page>;
}

export interface OpenOptions extends BrowserContextOptions {
  readonly token?: string;
  readonly keep?: true;
  /** Set when the test depends on what a browser loads that has nothing in its cache. */
  readonly fresh?: true;
  /** Set when the test expects requests to be refused by a policy. */
  readonly refused?: true;
}

const PRINTED_CHARACTERS = 2000;

/** Prints the content of the page when a test fails, because a timeout only names the missing element. */
async function printPage(page: Page): Promise<void> {
  const text = await page.evaluate(() => document.body.innerText).catch((error: Error) => error.message);
  process.stderr.write(`\n${page.url()} shows:\n${text.replaceAll(/\n+/g, "\n").slice(0, PRINTED_CHARACTERS)}\n`);
}

/** Starts the browser. A test fails when its pages report an error. */
export function useBrowser(): TestBrowser {
  let browser: Browser;
  let contexts: Contexts;
  /** Contexts of the current test. */
  const used: TestContext[] = [];
  const pages: Page[] = [];
  const kept: Page[] = [];
  const faults: string[] = [];
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: findChromium(), args: FLAGS });
    contexts = new Contexts(browser);
  }, INSTALL_MS);
  afterEach(async ({ task }) => {
    if (task.result?.state === "fail") await Promise.all([...pages, ...kept].map(printPage));
    pages.length = 0;
    await Promise.all(
      used.splice(0).map((one) => (task.result?.state === "fail" ? one.context.close() : contexts.release(one))),
    );
    const seen = faults.splice(0);
    if (seen.length > 0) throw new Error(`The page reported:\n${seen.join("\n")}`);
  });
  afterAll(async () => {
    // Their processes end before the browser, which counts their CPU time for `npm test`.
    for (const context of browser?.contexts() ?? []) await context.close();
    await browser?.close();
  });
  return {
    open: async ({ token, refused, keep, fresh = false, ...options } = {}) => {
      const taken = await contexts.take(options, fresh);
      if (keep !== true) used.push(taken);
      const page = await taken.context.newPage();
      if (token !== undefined) {
        await page.addInitScript(([key, value]) => sessionStorage.setItem(key!, value!), [SESSION_KEY, token]);
      }
      (keep === true ? kept : pages).push(page);
      page.on("pageerror", (error) => faults.push(error.message));
      page.on("console", (message) => {
        // A request blocked by the content security policy is an error in the page.
        if (refused !== true && message.type() === "error" && message.text().includes("Content Security Policy"))
          faults.push(message.text());
      });
      return page;
    },
  };
}
