/** Health of customers and sources in their lists, actions from the search, and dry runs that explain what they leave out. */
import assert from "node:assert/strict";
import { eventually } from "@posthorn/testkit";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { axeFaults } from "../lib/axe.ts";
import { useBrowser } from "../lib/browser.ts";
import { SOURCE_SECRET, sendPush } from "../lib/dashboard-scene.ts";
import { useWorld } from "../lib/world.ts";

const browser = useBrowser();
const world = useWorld({ env: { POSTHORN_RETRY_SCHEDULE: "3600" } });

beforeAll(async () => {
  const { api, receiver } = world;
  receiver.respondWith(({ path }) => (path === "/hooks/globex" ? 502 : 204));
  for (const name of ["Acme", "Globex", "Initech"]) {
    const uid = name.toLowerCase();
    await api.post("/api/v1/app", { name, uid });
    if (name !== "Initech") await api.post(`/api/v1/app/${uid}/endpoint`, { url: `${receiver.url}/hooks/${uid}` });
  }
  const { json: source } = await api.post("/ingest/api/v1/source", {
    name: "Repositories",
    type: "github",
    secrets: [SOURCE_SECRET],
  });
  const url = world.server.url + new URL(String(source["ingestUrl"])).pathname;
  assert.equal(await sendPush(url, "refs/heads/main", SOURCE_SECRET, "delivery-1"), 200);
  for (const delivery of ["forged-1", "forged-2"])
    assert.equal(await sendPush(url, "refs/heads/main", "wrong", delivery), 401);
  for (const app of ["acme", "globex"])
    await api.post(`/api/v1/app/${app}/msg`, { eventType: "invoice.paid", payload: { app } });
  await eventually(async () => {
    const { json } = await api.get("/api/v1/app?health=failing");
    assert.deepEqual(
      (json["data"] as readonly { readonly uid: string }[]).map(({ uid }) => uid),
      ["globex"],
    );
  });
});

async function open(path = "/", options: Parameters<typeof browser.open>[0] = {}): Promise<Page> {
  const page = await browser.open({ token: world.server.token, reducedMotion: "reduce", ...options });
  await page.goto(world.server.url + path);
  await page.getByRole("heading", { level: 1 }).waitFor();
  return page;
}

describe("the list of applications", () => {
  it("shows endpoints, health, attempts, last event and queue of each customer, and finds those that are failing", async () => {
    const page = await open("/applications");
    await page.getByRole("row", { name: /Globex.*1 · 1 failing.*Failing.*0%/s }).waitFor();
    await page.getByRole("row", { name: /Acme.*Healthy.*100%/s }).waitFor();
    await page.getByRole("row", { name: /Initech.*No attempts/s }).waitFor();
    // The queue of Globex has the delivery that is retried in an hour.
    const cells = page.getByRole("row", { name: /Globex/ }).getByRole("cell");
    expect(await cells.allInnerTexts()).toContain("1");
    expect(await axeFaults(page, "light")).toEqual([]);
    await page.getByRole("combobox", { name: "Health" }).selectOption("Failing");
    await expect.poll(() => page.locator("tbody tr[data-index]").count()).toBe(1);
    await expect.poll(() => page.url()).toContain("health=failing");
    await page.getByRole("combobox", { name: "Health" }).selectOption("Not failing");
    await page.getByRole("combobox", { name: "Endpoints" }).selectOption("With endpoints");
    await expect.poll(() => page.locator("tbody tr[data-index] td:first-child a").allInnerTexts()).toEqual(["Acme"]);
  });

  it("fits a phone, where each customer is a card with the same figures", async () => {
    const page = await open("/applications", { viewport: { width: 390, height: 844 } });
    await page.getByText("1 · 1 failing").waitFor();
    const overflow = () =>
      page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    await expect.poll(overflow).toBeLessThanOrEqual(0);
  });
});

describe("the list of sources", () => {
  it("shows the requests of a day, and how many were quarantined, and sorts by age", async () => {
    const page = await open("/sources");
    await page.getByRole("img", { name: "Requests per hour: 1 accepted, 2 quarantined" }).waitFor();
    await page.getByRole("row", { name: /Repositories.*3 · 2 quarantined/s }).waitFor();
    const created = page.getByRole("columnheader", { name: "Created" });
    expect(await created.getAttribute("aria-sort")).toBe("descending");
    await created.getByRole("button").click();
    await expect.poll(() => page.url()).toContain("order=ascending");
    expect(await axeFaults(page, "light")).toEqual([]);
  });
});

async function search(page: Page, query: string): Promise<void> {
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Search" }).waitFor();
  await page.keyboard.type(query);
}

describe("the search", () => {
  it("offers the actions of the current page, and takes them", async () => {
    const page = await open("/endpoints?search=acme");
    await page.getByRole("link", { name: /hooks\/acme/ }).click();
    await page.getByRole("button", { name: "Pause", exact: true }).waitFor();
    await search(page, "pause");
    await page.getByRole("option", { name: /^Pause/, selected: true }).waitFor();
    expect(await axeFaults(page, "light")).toEqual([]);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Resume", exact: true }).waitFor();
    await search(page, "resume");
    await page.getByRole("option", { name: /^Resume/ }).click();
    await page.getByRole("button", { name: "Pause", exact: true }).waitFor();
  });

  it("opens the dialogs of other pages, which do not open again after a reload", async () => {
    const page = await open();
    await search(page, "new sour");
    await page.getByRole("option", { name: /^New source/, selected: true }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "New source" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { level: 1, name: "Sources" }).waitFor();
    expect(await page.getByRole("dialog").count()).toBe(0);
  });

  it("offers actions on the object that it finds first", async () => {
    const page = await open();
    await search(page, "globex");
    await page.getByRole("option", { name: /^Publish message/ }).click();
    await page.getByRole("dialog", { name: "Publish message" }).waitFor();
    expect(await page.getByRole("heading", { level: 1, name: "Globex", includeHidden: true }).count()).toBe(1);
  });
});

describe("the dry run of a replay of one application", () => {
  it("counts what is left out, with the reasons (task 7: the counts did not agree)", async () => {
    const page = await open("/replays/new?app=globex");
    await page.getByRole("button", { name: "Dry run" }).click();
    await page.getByText("0 deliveries would be sent.").waitFor();
    const leftOut = page.getByRole("region", { name: "Left out" });
    await leftOut.getByText("Waiting for a retry").waitFor();
    expect(await leftOut.getByRole("definition").allInnerTexts()).toEqual(["1"]);
  });
});
