/** The tests of a file use the same browser contexts, and none finds what another one has left there. */
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, describe, expect, it } from "vitest";
import { useBrowser } from "../lib/browser.ts";
import { startHost } from "../lib/portal-scene.ts";

const host = await startHost();
const other = await startHost();
const browser = useBrowser();

afterAll(async () => {
  await host[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

/** What a page finds in its browser. */
function found(page: Page): Promise<object> {
  return page.evaluate(async () => ({
    cookies: document.cookie,
    local: localStorage.length,
    session: sessionStorage.length,
    databases: (await indexedDB.databases()).length,
    clipboard: (await navigator.permissions.query({ name: "clipboard-read" as PermissionName })).state,
  }));
}

const NOTHING = { cookies: "", local: 0, session: 0, databases: 0, clipboard: "prompt" };

describe("the context of a test", () => {
  let first: BrowserContext;

  it("keeps what its pages store while the test runs", async () => {
    const page = await browser.open({ token: "t" });
    first = page.context();
    await first.grantPermissions(["clipboard-read"]);
    await page.goto(host.origin);
    await page.evaluate(async () => {
      document.cookie = "a=b";
      localStorage.setItem("a", "b");
      await new Promise((resolve, reject) => {
        const opening = indexedDB.open("a");
        opening.addEventListener("success", resolve);
        opening.addEventListener("error", reject);
      });
    });
    await page.reload();
    expect(await found(page)).toEqual({ cookies: "a=b", local: 1, session: 1, databases: 1, clipboard: "granted" });
  });

  it("is used by the next test, which finds nothing in it", async () => {
    const page = await browser.open();
    expect(page.context()).toBe(first);
    await page.goto(host.origin);
    expect(await found(page)).toEqual(NOTHING);
  });

  it("is not shared by the pages of one test, nor by pages with other options", async () => {
    const [page, another, german] = [
      await browser.open(),
      await browser.open(),
      await browser.open({ locale: "de-DE" }),
    ];
    expect(page.context()).toBe(first);
    expect(new Set([first, another.context(), german.context()]).size).toBe(3);
    await page.goto(other.origin);
  });

  it("is closed after pages of several origins, whose data cannot all be removed", async () => {
    const page = await browser.open();
    expect(page.context()).not.toBe(first);
    expect(first.pages()).toEqual([]);
    await page.goto(host.origin);
    expect(await found(page)).toEqual(NOTHING);
  });
});
