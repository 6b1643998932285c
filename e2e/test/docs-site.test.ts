/** The documentation site in a real browser, as a node serves it. A violation of its content security policy fails the test. */
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { axeFaults } from "../lib/axe.ts";
import { useBrowser } from "../lib/browser.ts";
import { useWorld } from "../lib/world.ts";

const browser = useBrowser();
const world = useWorld();
/** Home, a guide, a page with tables, and the longest page. */
const PAGES = ["", "guides/add-webhooks-to-your-product", "configuration"];

async function open(path: string, width = 1280): Promise<Page> {
  const page = await browser.open({ viewport: { width, height: 860 } });
  await page.goto(`${world.server.url}/docs/${path}`);
  return page;
}

describe.each(PAGES)("the page /docs/%s", (path) => {
  it("has no accessibility violations in either theme", async () => {
    const page = await open(path);
    expect(await axeFaults(page, "light")).toEqual([]);
    expect(await axeFaults(page, "dark")).toEqual([]);
  });

  it.each([390, 2560])("fits a window of %i pixels", async (width) => {
    const page = await open(path, width);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  });
});

describe("the search", () => {
  it("opens by key, finds a section, and opens it by key, without contacting another host", async () => {
    const page = await open("");
    const hosts = new Set<string>();
    page.on("request", (request) => hosts.add(new URL(request.url()).host));
    await page.keyboard.press("/");
    await page.getByRole("combobox").fill("retry schedule");
    await page.getByRole("option", { name: "Set the retry schedule" }).waitFor();
    expect(await axeFaults(page, "light")).toEqual([]);
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/docs\/configuration#set-the-retry-schedule$/);
    expect([...hosts]).toEqual([new URL(world.server.url).host]);
  });

  it("says when it finds nothing, and closes with Escape", async () => {
    const page = await open("delivery");
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByRole("combobox").fill("qqqqzzzz");
    await page.getByText("Nothing found for “qqqqzzzz”.").waitFor();
    await page.keyboard.press("Escape");
    await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
  });
});

describe("a path without a page", () => {
  it("offers the search and the sections", async () => {
    const page = await open("guides/removed/long-ago");
    await page.getByRole("heading", { level: 1, name: "Page not found" }).waitFor();
    expect(await axeFaults(page, "light")).toEqual([]);
    await page.getByRole("button", { name: "Search the documentation" }).click();
    await page.getByRole("combobox").fill("retry schedule");
    await page.keyboard.press("Escape");
    await page.getByRole("link", { name: "Operate Posthorn", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Operate Posthorn" }).waitFor();
  });
});

describe("a page", () => {
  it.each([
    ["", 1280],
    ["guides/add-webhooks-to-your-product", 390],
    ["guides/add-webhooks-to-your-product", 1280],
  ])("/docs/%s does not move while it loads in a window of %i pixels", async (path, width) => {
    const page = await open(path, width);
    await page.locator("button.copy").first().waitFor({ state: "attached" });
    await page.evaluate(() => document.fonts.ready.then(() => undefined));
    const moved = await page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          let sum = 0;
          const observer = new PerformanceObserver((list) => {
            for (const entry of list.getEntries())
              sum += (entry as PerformanceEntry & { readonly value: number }).value;
          });
          observer.observe({ type: "layout-shift", buffered: true });
          // Buffered entries arrive before the second frame.
          requestAnimationFrame(() => requestAnimationFrame(() => resolve(sum)));
        }),
    );
    // The threshold that Lighthouse considers good.
    expect(moved).toBeLessThan(0.1);
  });

  it("keeps the chosen theme on the next page", async () => {
    const page = await open("delivery");
    await page.getByRole("button", { name: "Switch between light and dark theme" }).click();
    const chosen = await page.evaluate(() => document.documentElement.dataset["theme"]);
    await page.getByRole("link", { name: "Publish a message", exact: true }).first().click();
    await page.getByRole("heading", { level: 1, name: "Publish a message" }).waitFor();
    expect(await page.evaluate(() => document.documentElement.dataset["theme"])).toBe(chosen);
  });

  it("shows its section behind a button in a narrow window", async () => {
    const page = await open("delivery", 390);
    const link = page.getByRole("link", { name: "Configure retries", exact: true });
    expect(await link.isVisible()).toBe(false);
    await page.getByRole("button", { name: "Pages in “Send”" }).click();
    await link.click();
    await page.getByRole("heading", { level: 1, name: "Configure retries" }).waitFor();
  });
});

describe("the API reference at /docs/api", () => {
  it("shows the operations under a policy that allows only scripts and styles with the nonce of its response", async () => {
    const { headers } = await fetch(`${world.server.url}/docs/api/`);
    expect(headers.get("content-security-policy")).not.toContain("unsafe");
    const page = await browser.open();
    await page.goto(`${world.server.url}/docs/api/`);
    await page.getByRole("heading", { level: 1, name: "Posthorn" }).first().waitFor();
    const sheets = () =>
      page.evaluate(() => [...document.querySelectorAll("style")].map(({ sheet }) => sheet !== null));
    expect(await sheets()).toContain(true);
    await expect.poll(sheets).not.toContain(false);
  });
});
