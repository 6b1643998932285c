/** Sources in the dashboard, in a real browser: settings apply to received requests. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { eventually, startGitHub } from "@posthorn/testkit";
import type { Locator, Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { useBrowser } from "../lib/browser.ts";
import { type DashboardScene, sendPush, setUpScene, SOURCE_SECRET } from "../lib/dashboard-scene.ts";
import { useWorld } from "../lib/world.ts";

const browser = useBrowser();
const world = useWorld({ env: { POSTHORN_RETRY_SCHEDULE: "3600" } });
let scene: DashboardScene;

beforeAll(async () => {
  scene = await setUpScene(world);
});

async function open(tab: string): Promise<Page> {
  const page = await browser.open({ token: world.server.token });
  await page.goto(`${world.server.url}/sources/${scene.source}?tab=${tab}`);
  await page.getByRole("heading", { level: 1, name: "GitHub" }).waitFor();
  return page;
}

const source = async () => (await world.api.get(`/ingest/api/v1/source/${scene.source}`)).json;

describe("the overview of a source", () => {
  it("counts requests by their result, and links to the rejected ones", async () => {
    const page = await open("overview");
    const funnel = page.getByRole("region", { name: "Funnel" });
    const rows = () => funnel.locator("dl > div").allInnerTexts();
    await expect
      .poll(async () => (await rows()).map((row) => row.replaceAll(/\s+/g, " ")))
      .toEqual([
        "Received 2 100%",
        "Verified or accepted 1 50%",
        "Duplicates 0 0%",
        "Quarantined 1 50%",
        "Routed 1 50%",
        "No matching route 0 0%",
      ]);
    await funnel.getByRole("link", { name: "7 d" }).click();
    await page.waitForURL((url) => url.searchParams.get("window") === "7d");
    await expect.poll(rows).toHaveLength(6);
    await funnel.getByRole("link", { name: "Quarantined" }).click();
    await page
      .getByRole("link", { name: /signature/i })
      .first()
      .waitFor();
  });
});

describe("a request in quarantine", () => {
  it("is diagnosed automatically, and releasing a forged one is never the primary action", async () => {
    const page = await browser.open({ token: world.server.token });
    await page.goto(`${world.server.url}/sources/${scene.source}/quarantine/${scene.rejected}`);
    const doctor = page.getByRole("region", { name: "Signature doctor" });
    await doctor.getByRole("status").getByText(/\S/).first().waitFor();
    expect(await doctor.getByRole("button", { name: "Diagnose again" }).isEnabled()).toBe(true);
    // The banner above says that the signature is wrong. The doctor adds its findings.
    await doctor.getByText("No cause could be confirmed.").waitFor();
    const release = page.getByRole("button", { name: "Release" });
    const background = await release.evaluate((button) => getComputedStyle(button).backgroundColor);
    const accent = await page.evaluate(() => {
      const probe = document.body.appendChild(document.createElement("i"));
      probe.style.background = "var(--accent)";
      const { backgroundColor } = getComputedStyle(probe);
      probe.remove();
      return backgroundColor;
    });
    expect(background).not.toBe(accent);
    await release.click();
    await page.getByRole("dialog").getByText("it may be forged").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  });
});

describe("several requests in quarantine", () => {
  let id: string;
  let url: string;

  /** Reasons of the requests that are in quarantine. */
  const reasons = async (): Promise<readonly string[]> => {
    const { json } = await world.api.get(`/ingest/api/v1/source/${id}/quarantine`);
    return (json.data as { readonly reason: string }[]).map(({ reason }) => reason).toSorted();
  };
  const idsOf = async (reason: string): Promise<readonly string[]> => {
    const { json } = await world.api.get(`/ingest/api/v1/source/${id}/quarantine?reason=${reason}`);
    return (json.data as { readonly id: string }[]).map((row) => row.id);
  };
  const unsigned = () =>
    fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", "x-github-event": "push" },
      body: "{}",
    });
  const openList = async (query = "", locale = "en-US"): Promise<Page> => {
    const page = await browser.open({ token: world.server.token, locale, reducedMotion: "reduce" });
    await page.goto(`${world.server.url}/sources/${id}?tab=quarantine${query}`);
    await page.getByRole("row").nth(1).waitFor();
    return page;
  };
  /** Opens the dialog of an action on all rows. */
  const begin = async (page: Page, action: string): Promise<Locator> => {
    for (const box of await page.getByRole("checkbox").all()) await box.check();
    await page.getByRole("group", { name: "Selected requests" }).getByRole("button", { name: action }).click();
    return page.getByRole("dialog");
  };

  beforeAll(async () => {
    const body = { name: "Mirror", type: "github", secrets: [SOURCE_SECRET] };
    const { json } = await world.api.post("/ingest/api/v1/source", body);
    id = json.id as string;
    url = json.ingestUrl as string;
    for (const branch of ["a", "b", "c"]) await sendPush(url, branch, "wrong");
    await unsigned();
    await unsigned();
    await eventually(async () => assert.equal((await reasons()).length, 5));
  });

  it("are filtered by a reason in words, which the address and a saved view contain", async () => {
    const page = await openList();
    await page.getByRole("combobox", { name: "Reason" }).selectOption({ label: "Header missing" });
    await page.waitForURL((at) => at.searchParams.get("reason") === "missing_header");
    await expect.poll(() => page.getByRole("row").count()).toBe(3);
    await page.getByRole("button", { name: "Views" }).click();
    await page.getByRole("menuitem", { name: "Save as new view" }).click();
    await page.getByLabel("Name").fill("Unsigned");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("button", { name: "Unsigned" }).waitFor();
    const { json } = await world.api.get("/api/v1/saved-view?list=quarantine");
    expect(json.data).toMatchObject([{ name: "Unsigned", query: `reason=missing_header&source=${id}` }]);
    // Another source does not show the view.
    await page.goto(`${world.server.url}/sources/${scene.source}?tab=quarantine`);
    await page.getByRole("button", { name: "Views" }).click();
    await page.getByRole("menuitem", { name: "Save as new view" }).waitFor();
    expect(await page.getByRole("menuitem", { name: "Unsigned" }).count()).toBe(0);
  });

  it("have reasons in German on German pages", async () => {
    const page = await openList("&reason=signature_mismatch", "de-DE");
    const field = page.getByRole("combobox", { name: "Grund" });
    await expect.poll(() => field.locator("option:checked").innerText()).toBe("Falsche Signatur");
  });

  it("are released together, and the dialog names the one for which it failed", async () => {
    const page = await openList("&reason=missing_header");
    const dialog = await begin(page, "Release");
    await dialog.getByText("2 of them may be forged").waitFor();
    const [gone] = await idsOf("missing_header");
    await world.api.delete(`/ingest/api/v1/source/${id}/quarantine/${gone!}`);
    await dialog.getByRole("button", { name: "Release" }).click();
    await dialog.getByText("1 succeeded, 1 failed.").waitFor();
    expect(await dialog.getByRole("listitem").allInnerTexts()).toEqual([expect.stringContaining(gone!)]);
    expect(await reasons()).toEqual(["signature_mismatch", "signature_mismatch", "signature_mismatch"]);
    const events = await world.api.get(`/ingest/api/v1/source/${id}/event`);
    expect(events.json.data).toHaveLength(1);
  });

  it("are deleted together, and the dialog names the one for which it failed", async () => {
    const page = await openList("&reason=signature_mismatch");
    const dialog = await begin(page, "Delete");
    const [gone] = await idsOf("signature_mismatch");
    await world.api.delete(`/ingest/api/v1/source/${id}/quarantine/${gone!}`);
    await dialog.getByRole("button", { name: "Delete" }).click();
    await dialog.getByText("2 succeeded, 1 failed.").waitFor();
    expect(await dialog.getByRole("listitem").allInnerTexts()).toEqual([expect.stringContaining(gone!)]);
    expect(await idsOf("signature_mismatch")).toEqual([]);
  });
});

describe("the settings of a source", () => {
  it("apply to received requests: methods, size, rate, addresses, and a custom response", async () => {
    const page = await open("settings");
    await page.getByLabel("Name", { exact: true }).fill("GitHub, all of it");
    await page.getByLabel("PUT").check();
    await page.getByLabel("Maximum body size (KiB)").fill("2");
    await page.getByLabel("Requests per second").fill("50");
    await page.getByLabel("Events per day").fill("1000");
    await page.getByLabel("GitHub", { exact: true }).check();
    await page.getByLabel("Other addresses and networks").fill("127.0.0.0/8\n192.0.2.1");
    await page.getByRole("combobox", { name: "Response to the sender" }).selectOption("own");
    await page.getByLabel("Status").fill("202");
    await page.getByLabel("Body", { exact: true }).fill("taken as {type}");
    await page.getByRole("button", { name: "Save" }).first().click();
    await page.getByText("Saved", { exact: true }).waitFor();
    expect(await source()).toMatchObject({
      name: "GitHub, all of it",
      methods: ["POST", "PUT"],
      maxBodyBytes: 2048,
      rateLimit: 50,
      dailyQuota: 1000,
      allowedAddresses: ["github", "127.0.0.0/8", "192.0.2.1"],
      response: { status: 202, body: "taken as {type}" },
    });
    const { ingestUrl } = await source();
    expect(await sendPush(ingestUrl as string, "refs/heads/main")).toBe(202);
    expect(await sendPush(ingestUrl as string, "x".repeat(3000))).toBe(413);
    // The server validates values that the form does not.
    await page.getByLabel("Other addresses and networks").fill("not an address");
    await page.getByRole("button", { name: "Save" }).first().click();
    await page.getByRole("alert").waitFor();
    await page.getByLabel("Other addresses and networks").fill("");
    await page.getByLabel("GitHub", { exact: true }).uncheck();
    await page.getByRole("combobox", { name: "Response to the sender" }).selectOption("provider");
    await page.getByLabel("Name", { exact: true }).fill("GitHub");
    await page.getByRole("button", { name: "Save" }).first().click();
    await expect.poll(async () => (await source()).allowedAddresses).toEqual([]);
    expect((await source()).response).toBeNull();
  });

  it("warn of a secret with quotation marks or white space at its ends, and save it as entered", async () => {
    const page = await open("settings");
    const secrets = page.getByRole("region", { name: "Secrets" });
    await secrets.getByRole("button", { name: "Add secret" }).click();
    await page.getByRole("dialog").getByLabel("Secret", { exact: true }).fill('"quoted" ');
    await page.getByLabel("Previous secrets").selectOption("stay");
    await page.getByRole("dialog").getByRole("button", { name: "Add secret" }).click();
    await secrets.getByText("begins or ends with a quotation mark").waitFor();
    await secrets.getByText("begins or ends with white space").waitFor();
    expect(await sendPush((await source()).ingestUrl as string, "refs/heads/quoted", '"quoted" ')).toBe(200);
    await secrets.getByRole("button", { name: "Delete" }).first().click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await expect.poll(() => secrets.getByRole("row").count()).toBe(2);
  });

  it("warn of such a secret when a source is created, before its page opens", async () => {
    const page = await browser.open({ token: world.server.token });
    await page.goto(`${world.server.url}/sources`);
    await page.getByRole("button", { name: "New source" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Choose another kind" }).click();
    await dialog.getByLabel("Search kinds and providers").fill("github");
    await dialog.getByLabel("Search kinds and providers").press("Enter");
    await dialog.getByLabel("Name", { exact: true }).fill("Quoted");
    await dialog.getByLabel("Secret", { exact: true }).fill("'quoted'");
    await dialog.getByRole("button", { name: "Create" }).click();
    const warning = dialog.getByText("begins or ends with a quotation mark");
    await expect.poll(() => warning.isVisible()).toBe(true);
    await dialog.getByRole("button", { name: "Open source" }).click();
    await page.getByRole("heading", { level: 1, name: "Quoted" }).waitFor();
  });

  it("rotate a secret while both verify, and delete the previous one", async () => {
    const page = await open("settings");
    const secrets = page.getByRole("region", { name: "Secrets" });
    await secrets.getByRole("button", { name: "Add secret" }).click();
    await page.getByRole("dialog").getByLabel("Secret", { exact: true }).fill("the-next-secret");
    await page.getByLabel("Previous secrets").selectOption("stay");
    await page.getByRole("dialog").getByRole("button", { name: "Add secret" }).click();
    await expect.poll(() => secrets.getByRole("row").count()).toBe(3);
    const url = (await source()).ingestUrl as string;
    expect(await sendPush(url, "refs/heads/new", "the-next-secret")).toBe(200);
    expect(await sendPush(url, "refs/heads/old", SOURCE_SECRET)).toBe(200);
    await secrets.getByRole("button", { name: "Delete" }).first().click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await expect.poll(() => secrets.getByRole("row").count()).toBe(2);
    const statuses = [await sendPush(url, "a", "the-next-secret"), await sendPush(url, "b", SOURCE_SECRET)];
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 401]);
    await world.api.post(`/ingest/api/v1/source/${scene.source}/secret`, { secret: SOURCE_SECRET });
  });

  it("rotate the URL, and the previous one works for the chosen time", async () => {
    const page = await open("settings");
    const before = (await source()).ingestUrl as string;
    await page.getByRole("button", { name: "Rotate URL" }).click();
    await page.getByLabel("Previous URL").selectOption("hour");
    await page.getByRole("dialog").getByRole("button", { name: "Rotate URL" }).click();
    await page.getByText("This is the new URL.").waitFor();
    const after = (await source()).ingestUrl as string;
    expect(after).not.toBe(before);
    await page.getByText(after).waitFor();
    expect(await sendPush(before, "refs/heads/a")).toBe(200);
    expect(await sendPush(after, "refs/heads/b")).toBe(200);
    await page.getByRole("button", { name: "Rotate URL" }).click();
    await page.getByLabel("Previous URL").selectOption("none");
    await page.getByRole("dialog").getByRole("button", { name: "Rotate URL" }).click();
    await expect.poll(() => sendPush(after, "refs/heads/c")).toBe(404);
  });

  it("delete the source only after confirmation", async () => {
    const { json } = await world.api.post("/ingest/api/v1/source", { name: "To be deleted", type: "github" });
    const page = await browser.open({ token: world.server.token });
    await page.goto(`${world.server.url}/sources/${json.id as string}?tab=settings`);
    await page.getByRole("button", { name: "Delete source" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Delete source" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByRole("heading", { level: 1, name: "Sources" }).waitFor();
    expect(await page.getByRole("link", { name: "To be deleted" }).count()).toBe(0);
  });
});

describe("a route", () => {
  it("is drawn, filtered by the request, tested on a received one, transformed, and deleted", async () => {
    const page = await open("routes");
    await page.getByRole("button", { name: "New route" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("URL").fill(`${world.receiver.url}/ci`);
    await dialog.getByLabel("push", { exact: true }).last().check();
    await dialog.getByRole("button", { name: "Create" }).click();
    await page.getByRole("heading", { level: 2, name: /\/ci$/ }).waitFor();
    const picture = page.getByRole("region", { name: "Routes" });
    await picture.getByRole("link", { name: /Filter.*push.*\/ci/ }).waitFor();

    const filter = { query: { from: "nowhere" }, body: { ref: "refs/heads/main" } };
    await page.getByRole("button", { name: "Add filter", exact: true }).click();
    await page.getByRole("region", { name: "Filter" }).getByRole("button", { name: "JSON" }).click();
    await page.getByLabel("Filter (JSON)").fill(JSON.stringify(filter));
    await page.getByLabel("Message", { exact: true }).first().selectOption({ index: 1 });
    await page.getByText("Request:").click();
    await page.getByRole("rowheader", { name: "x-github-event" }).waitFor();
    await page.getByRole("button", { name: "Run test" }).first().click();
    await page.getByText("This endpoint would not receive the message").waitFor();
    await page.getByLabel("Filter (JSON)").fill('{"query":{"from":"shop"},"headers":{"x-github-event":"push"}}');
    await page.getByRole("button", { name: "Run test" }).first().click();
    await page.getByText("This endpoint would receive the message").waitFor();
    await page.getByRole("region", { name: "Filter" }).getByRole("button", { name: "Save" }).click();
    await picture.getByText('"from":"shop"').waitFor();

    const code = 'function handler(webhook) { webhook.payload.seen = "yes"; return webhook; }';
    const transformation = page.getByRole("region", { name: "Transformation" });
    await transformation.getByLabel("JavaScript").fill(code);
    await transformation.getByRole("switch", { name: "Enabled" }).click();
    await transformation.getByRole("button", { name: "Save" }).click();
    await picture.getByRole("link", { name: /Transformation/ }).waitFor();

    const forwarding = page.getByRole("region", { name: "Also forward" });
    await forwarding.getByRole("switch", { name: "Path after the token" }).click();
    await forwarding.getByRole("button", { name: "Save" }).click();
    const order = page.getByRole("region", { name: "Ordering" });
    await order.getByLabel("Delivery order").selectOption("endpoint");
    await order.getByRole("button", { name: "Save" }).click();
    await order.getByText("Saved", { exact: true }).waitFor();

    expect(await sendPush((await source()).ingestUrl as string, "refs/heads/main")).toBe(200);
    const arrived = () => world.receiver.requests.find(({ path }) => path === "/ci/ci");
    await expect.poll(() => arrived()?.body.toString() ?? "").toContain('"seen":"yes"');

    await page.getByRole("button", { name: "Delete route" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByRole("heading", { level: 2, name: /\/ci$/ }).waitFor({ state: "detached" });
    expect(await picture.getByRole("link", { name: /\/ci$/ }).count()).toBe(0);
  });
});

describe("the events of a source", () => {
  it("have an inferred schema with its changes, which can be downloaded as TypeScript", async () => {
    const url = (await source()).ingestUrl as string;
    await world.api.put(`/ingest/api/v1/source/${scene.source}/activity`, { mode: "learned" });
    await sendPush(url, "refs/heads/main");
    const page = await open("catalogue");
    const saving = page.waitForEvent("download");
    await page.getByRole("button", { name: "TypeScript" }).click();
    const file = await (await saving).path();
    expect(await readFile(file, "utf8")).toMatch(/export (interface|type) /);
    await page.getByRole("link", { name: "push" }).click();
    await page.getByRole("group", { name: "Schema" }).getByText('"ref"').waitFor();
    await page.getByRole("button", { name: "Reset schema" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Reset schema" }).click();
    await page.getByText("No event types yet.").waitFor();
  });

  it("have a configurable time after which the source is inactive", async () => {
    const page = await open("activity");
    await page.getByLabel("Monitoring").selectOption("fixed");
    await page.getByLabel("Inactive after (minutes)").fill("90");
    await page.getByRole("button", { name: "Save" }).first().click();
    await page.getByText("Inactive if no events by").waitFor();
    const { json } = await world.api.get(`/ingest/api/v1/source/${scene.source}/activity`);
    expect(json).toMatchObject({ mode: "fixed", inactiveAfterSeconds: 5400, state: "active" });
  });

  it("are recovered by a backfill: set up, started, and missed events fetched", async () => {
    await using github = await startGitHub({ token: "ghp_1", now: () => Date.now() - 3_600_000 });
    const url = (await source()).ingestUrl as string;
    const hook = await fetch(`${github.url}/repos/acme/shop/hooks`, {
      method: "POST",
      headers: { authorization: "Bearer ghp_1", "user-agent": "test" },
      body: JSON.stringify({ config: { url, content_type: "json", secret: SOURCE_SECRET }, events: ["issues"] }),
    });
    const { id } = (await hook.json()) as { id: number };
    await github.emitUndelivered("repos/acme/shop", "issues", { action: "opened", issue: { number: 7 } });
    const page = await open("activity");
    await page.getByLabel("Repository or organisation").fill("acme/shop");
    await page.getByLabel("Webhook ID").fill(String(id));
    await page.getByLabel("API token").fill("ghp_1");
    await page.getByLabel("API URL").fill(github.url);
    const asking = page.getByRole("region", { name: "Backfill" });
    await asking.getByRole("button", { name: "Save" }).click();
    await asking.getByRole("button", { name: "Turn off backfill" }).waitFor();
    const dayAgo = new Date(Date.now() - 86_400_000).toISOString().slice(0, 16);
    await page.getByRole("region", { name: "Run backfill" }).getByLabel("From").fill(dayAgo);
    await page.getByRole("button", { name: "Start run", exact: true }).click();
    const runs = page.getByRole("region", { name: "Runs" });
    await runs.getByText("Finished").waitFor();
    await runs.getByText("Some missing events").waitFor();
    const { json } = await world.api.get(`/ingest/api/v1/source/${scene.source}/backfill/run`);
    expect(json.data).toMatchObject([{ state: "finished", missing: 1, redelivered: 1 }]);
  });
});

describe("a delivery that the provider repeats", () => {
  it("is counted on the source, with a link to its message, which shows how often it was received", async () => {
    const { json } = await world.api.post("/ingest/api/v1/source", {
      name: "Repeating",
      type: "github",
      secrets: [SOURCE_SECRET],
    });
    const { id, ingestUrl } = json as { id: string; ingestUrl: string };
    const page = await browser.open({ token: world.server.token });
    await page.goto(`${world.server.url}/sources/${id}`);
    const card = page.getByRole("region", { name: "Duplicates" });
    await card.getByText("never").waitFor();
    for (let time = 0; time < 3; time++) {
      expect(await sendPush(ingestUrl, "refs/heads/main", SOURCE_SECRET, "the-same")).toBe(200);
    }
    await card.getByText("Received 3 times.").waitFor();
    expect(await card.getByRole("definition").first().innerText()).toBe("2");
    await card.getByRole("link", { name: "push" }).click();
    await page.getByRole("heading", { level: 1, name: "push" }).waitFor();
    await page.getByText(/Received 3 times\. Last received .+\. Duplicates are acknowledged/).waitFor();
  });
});
