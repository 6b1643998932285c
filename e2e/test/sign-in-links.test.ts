/** Links with a token in the fragment, as printed by `npm start` and given to customers, in a new tab and in an open one. */
import { eventually, startServer, type TestServer } from "@posthorn/testkit";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { useBrowser } from "../lib/browser.ts";
import { portalLink } from "../lib/portal-scene.ts";
import { useWorld } from "../lib/world.ts";

const browser = useBrowser();
const world = useWorld();

/** Every URL in the history of the tab, including the current one. */
async function historyOf(page: Page): Promise<readonly string[]> {
  const session = await page.context().newCDPSession(page);
  const { entries } = await session.send("Page.getNavigationHistory");
  return entries.map(({ url }) => url);
}

async function expectNoTrace(page: Page, token: string): Promise<void> {
  expect(page.url()).not.toContain("#");
  expect((await historyOf(page)).filter((url) => url.includes("key="))).toEqual([]);
  const kept = await page.evaluate(() => [
    JSON.stringify(Object.entries(localStorage)),
    document.documentElement.outerHTML,
  ]);
  expect(kept.filter((text) => text.includes(token))).toEqual([]);
}

/** Values in the storage of the tab, except the session itself. */
function storedBesides(page: Page): Promise<string> {
  return page.evaluate(() =>
    JSON.stringify(Object.entries(sessionStorage).filter(([name]) => name !== "posthorn.session")),
  );
}

const signedIn = (page: Page) => page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
const signedOut = (page: Page) => page.getByLabel("Token").waitFor();

describe("a link with the token of an organisation", () => {
  it("signs in at the first load, and leaves the token in neither the address nor the history", async () => {
    const page = await browser.open();
    await page.goto(`${world.server.url}/messages?range=1h#key=${world.server.token}`);
    await page.getByRole("heading", { level: 1, name: "Messages" }).waitFor();
    expect(page.url()).toBe(`${world.server.url}/messages?range=1h`);
    await expectNoTrace(page, world.server.token);
  });

  it("signs in a tab that is open at the same page, and leaves no trace there either", async () => {
    const page = await browser.open();
    await page.goto(world.server.url);
    await signedOut(page);
    await page.goto(`${world.server.url}/#key=${world.server.token}`);
    await signedIn(page);
    await expectNoTrace(page, world.server.token);
    await page.goBack();
    await signedIn(page);
    await page.goForward();
    await signedIn(page);
    await expectNoTrace(page, world.server.token);
    expect(await storedBesides(page)).not.toContain(world.server.token);
  });

  it("is also accepted from a link within the page and from a script", async () => {
    const page = await browser.open();
    await page.goto(world.server.url);
    await signedOut(page);
    await page.evaluate((token) => (location.hash = `key=${token}`), world.server.token);
    await signedIn(page);
    expect(page.url()).toBe(`${world.server.url}/`);
    await expectNoTrace(page, world.server.token);
  });

  it.each([
    ["a wrong token", () => "nonsense"],
    ["an expired token", () => world.server.tokenOf(world.server.organisation, { exp: 1_700_000_000 })],
  ])("with %s says so in an open tab, and leaves no trace", async (_title, tokenOf) => {
    const page = await browser.open();
    await page.goto(world.server.url);
    await signedOut(page);
    const token = tokenOf();
    await page.goto(`${world.server.url}/#key=${token}`);
    await page.getByText("This token is not valid").waitFor();
    await expectNoTrace(page, token);
    expect(await page.evaluate(() => JSON.stringify(Object.entries(sessionStorage)))).not.toContain(token);
  });

  it("without a token keeps the session, and is still cleaned", async () => {
    const page = await browser.open({ token: world.server.token });
    await page.goto(world.server.url);
    await signedIn(page);
    await page.goto(`${world.server.url}/#key=`);
    await expect.poll(() => page.url()).toBe(`${world.server.url}/`);
    await signedIn(page);
  });
});

describe("the link of a development server", () => {
  /** The server prints it after it listens. */
  const linkOf = (server: TestServer): Promise<string> =>
    eventually(() => {
      const link = /Dashboard (http\S+#code=\S+)/.exec(server.log)?.[1];
      if (link === undefined) throw new Error("The server has not printed its link yet.");
      return Promise.resolve(link);
    });

  it("has a short code instead of a token", async () => {
    await using server = await startServer({ dev: true });
    expect(await linkOf(server)).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#code=[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}$/);
  });

  it("signs in once, also in an open tab, and leaves the code in neither the address nor the history", async () => {
    await using server = await startServer({ dev: true });
    const link = await linkOf(server);
    const page = await browser.open();
    await page.goto(server.url);
    await signedOut(page);
    await page.evaluate((hash) => (location.hash = hash), new URL(link).hash);
    await signedIn(page);
    expect(page.url()).toBe(`${server.url}/`);
    expect((await historyOf(page)).filter((url) => url.includes("code="))).toEqual([]);
    expect(await storedBesides(page)).toBe("[]");
    // The session is in a cookie, so that it holds after a reload, and when the link is opened again.
    await page.goto(link);
    await signedIn(page);
    const other = await browser.open();
    await other.goto(link);
    await other.getByText("This link has been used or has expired.").waitFor();
    await signedOut(other);
  });
});

describe("a portal link", () => {
  it("opens in a tab whose link has expired, or belongs to another customer", async () => {
    for (const uid of ["first", "second"]) await world.api.post("/api/v1/app", { name: `Customer ${uid}`, uid });
    const first = await portalLink(world, "first");
    const second = await portalLink(world, "second");
    const page = await browser.open();
    await page.goto(`${world.server.url}/portal`);
    await page.getByText("This link has expired.").waitFor();
    for (const [{ url, token }, name] of [
      [first, "Customer first"],
      [second, "Customer second"],
    ] as const) {
      await page.goto(url);
      await page.getByText(name).waitFor();
      await expectNoTrace(page, token);
    }
    await world.api.post("/api/v1/auth/logout", {}, { token: first.token });
    await page.goto(first.url);
    await page.getByText("This link has expired.").waitFor();
    await expectNoTrace(page, first.token);
    expect(await page.getByRole("link").count()).toBe(0);
  });
});
