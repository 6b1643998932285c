/** The capture page in a real browser: a URL in one click, live requests, a configured response, and forwarding. */
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { axeFaults } from "../lib/axe.ts";
import { useBrowser } from "../lib/browser.ts";
import { useWorld } from "../lib/world.ts";

const world = useWorld();
const browser = useBrowser();

/** Opens the page of a new capture. */
async function begin(options: object = {}): Promise<{ readonly page: Page; readonly url: string }> {
  const page = await browser.open({ token: world.server.token, ...options });
  await page.goto(`${world.server.url}/capture`);
  await page.getByRole("button", { name: "Create capture URL" }).click();
  await page.getByText("Send a request to the URL above.").waitFor();
  const url = await page.getByText(/\/in\//).innerText();
  return { page, url };
}

describe("a capture", () => {
  it("shows requests to its URL at once, byte for byte, and opens the newest one", async () => {
    const { page, url } = await begin();
    await expect
      .poll(() => page.getByRole("status", { name: "" }).filter({ hasText: "Live" }).count())
      .toBeGreaterThan(0);
    await fetch(`${url}/orders/7?from=shop`, {
      method: "PUT",
      headers: { "content-type": "application/json", "x-mine": "yes" },
      body: '{"price":1.0,"big":12345678901234567890}',
    });
    await page.getByRole("heading", { name: "PUT /orders/7?from=shop" }).waitFor();
    const body = page.getByRole("group", { name: "Body" });
    await body.getByText("12345678901234567890").waitFor();
    expect(await body.innerText()).toContain("1.0");
    await page.getByRole("rowheader", { name: "x-mine" }).waitFor();
    await fetch(url, { method: "POST", body: "plain <b>text</b>" });
    await page.getByRole("heading", { name: "POST /", exact: true }).waitFor();
    await body.getByText("plain <b>text</b>").waitFor();
    await page.getByRole("link", { name: /PUT/ }).click();
    await page.getByRole("heading", { name: /PUT/ }).waitFor();
    expect(page.url()).toContain("request=msg_");
    await page.reload();
    await page.getByRole("heading", { name: /PUT/ }).waitFor();
  });

  it("responds as configured, with status, headers, body and delay", async () => {
    const { page, url } = await begin();
    await page.getByLabel("Status").fill("418");
    await page.getByLabel("Content type").fill("application/json");
    await page.getByLabel("Body", { exact: true }).fill('{"teapot":true}');
    await page
      .getByLabel("Headers")
      .or(page.getByLabel(/name: value/))
      .fill("x-pot: tea");
    await page.getByLabel("Expiry").selectOption("week");
    await page.getByRole("button", { name: "Save" }).click();
    await expect.poll(async () => (await fetch(url, { method: "POST", body: "a" })).status).toBe(418);
    const response = await fetch(url, { method: "GET" });
    expect([response.headers.get("x-pot"), await response.text()]).toEqual(["tea", '{"teapot":true}']);
    await page.getByRole("button", { name: "Send test request" }).click();
    await page.getByText("HTTP 418").waitFor();
    await page
      .getByText(/in 7 ?d|in 1 ?w/)
      .first()
      .waitFor();
  });

  it("forwards a request to any URL that deliveries may reach", async () => {
    const { page, url } = await begin();
    await fetch(url, { method: "POST", headers: { "x-mine": "1" }, body: "on and on" });
    await page.getByRole("button", { name: "Forward" }).click();
    await page.getByLabel("URL").fill("http://169.254.169.254/latest");
    await page.getByText("This target is blocked.").waitFor();
    await page.getByLabel("URL").fill(`${world.receiver.url}/sent-on`);
    await page.getByText("Deliveries to this URL are allowed.").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Send" }).click();
    await page.getByRole("link", { name: "View result" }).click();
    await page.getByText("Finished").first().waitFor();
    const got = world.receiver.requests.find(({ path }) => path === "/sent-on");
    expect([got?.body.toString(), got?.headers["x-mine"]]).toEqual(["on and on", "1"]);
  });

  it("stops accepting requests after it is deleted", async () => {
    const { page, url } = await begin();
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByRole("heading", { level: 1, name: "Capture" }).waitFor();
    expect((await fetch(url, { method: "POST", body: "late" })).status).toBe(404);
  });
});

describe.each(["light", "dark"] as const)("in %s colours", (colorScheme) => {
  it("axe finds no violation, with a request on the page", async () => {
    const { page, url } = await begin({ colorScheme, reducedMotion: "reduce" });
    await fetch(url, { method: "POST", body: "{}" });
    await page.getByRole("heading", { name: "POST /" }).waitFor();
    expect(await axeFaults(page, colorScheme)).toEqual([]);
  });
});

it("does not scroll horizontally at the width of a phone", async () => {
  const { page, url } = await begin({ viewport: { width: 390, height: 844 }, hasTouch: true });
  await fetch(`${url}/a/long/path/that/goes/on/and/on/and/on`, { method: "POST", body: "x".repeat(500) });
  await page.getByRole("heading", { name: /POST/ }).waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
});
