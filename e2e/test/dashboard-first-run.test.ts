/** The first minutes in the dashboard of a new server, whose egress rules allow only public addresses. */
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { useBrowser } from "../lib/browser.ts";
import { sendPush, SOURCE_SECRET } from "../lib/dashboard-scene.ts";
import { useWorld } from "../lib/world.ts";

const browser = useBrowser();
const world = useWorld({ env: { POSTHORN_EGRESS_ALLOW: "external", POSTHORN_RETRY_SCHEDULE: "3600" } });

/** Counts clicks and keys, without typing, to compare them with the review of the user experience. */
class Counted {
  readonly page: Page;
  clicks = 0;

  constructor(page: Page) {
    this.page = page;
  }

  async button(name: string | RegExp): Promise<void> {
    this.clicks += 1;
    await this.page.getByRole("button", { name }).first().click();
  }
}

async function openOverview(): Promise<Counted> {
  const page = await browser.open({ token: world.server.token });
  await page.goto(world.server.url);
  await page.getByRole("heading", { name: "Get started" }).waitFor();
  return new Counted(page);
}

describe("the first steps", () => {
  it("send a message that is delivered to a test receiver, with one click (task 25: impossible in the review)", async () => {
    const reader = await openOverview();
    const { page } = reader;
    // Nothing else is shown on an empty server.
    expect(await page.getByText("Success rate").count()).toBe(0);
    await reader.button("Send a test message");
    await page.getByRole("heading", { level: 1, name: "invoice.paid" }).waitFor();
    await page
      .getByText(/HTTP 200/)
      .first()
      .waitFor();
    expect(reader.clicks).toBe(1);
    await page.goBack();
    await page.getByText("1 of 4 done").waitFor();
    await page.getByRole("link", { name: "See it at the test receiver" }).click();
    await page.getByText("webhook-signature").first().waitFor();
  });

  it("offer the same call in nine languages, with a key that can only publish to this application", async () => {
    const { page } = await openOverviewAgain();
    await page.getByText("Send it from your code").click();
    const languages = page.getByLabel("Language");
    expect(await languages.getByRole("option").allTextContents()).toEqual(
      "curl,Node.js,Python,Go,Ruby,PHP,Java,C#,Rust".split(","),
    );
    await page.getByRole("button", { name: "Create a key for this application" }).click();
    const shown = await page.getByRole("group", { name: "API key" }).textContent();
    const key = /"(.+)"/.exec(shown ?? "")![1]!;
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const body = JSON.stringify({ eventType: "invoice.paid", payload: {} });
    const publish = (app: string) =>
      fetch(`${world.server.url}/api/v1/app/${app}/msg`, { method: "POST", headers, body });
    expect((await publish("demo")).status).toBe(202);
    expect((await fetch(`${world.server.url}/api/v1/app`, { headers })).status).toBe(403);
  });

  it("wait for the first request to a source, and check the step off when it is verified", async () => {
    const { page } = await openOverviewAgain();
    await page.getByRole("button", { name: "New source" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Choose another kind" }).click();
    await dialog.getByLabel("Search kinds and providers").fill("github");
    await dialog.getByLabel("Search kinds and providers").press("Enter");
    await dialog.getByLabel("Name", { exact: true }).fill("Our repositories");
    await dialog.getByLabel("Secret", { exact: true }).fill(SOURCE_SECRET);
    await dialog.getByRole("button", { name: "Create" }).click();
    await page.getByRole("heading", { level: 1, name: "Our repositories" }).waitFor();
    await page.goto(world.server.url);
    await page.getByText("Waiting for the first request to Our repositories …").waitFor();
    const { json } = await world.api.get("/ingest/api/v1/source?search=Our");
    const [source] = json["data"] as { ingestUrl: string }[];
    expect(await sendPush(source!.ingestUrl, "refs/heads/main")).toBe(200);
    await page.getByText("The first request was received and verified.").waitFor();
    await page.getByText("2 of 4 done").waitFor();
  });

  it("add a recipient of alerts and a rule, without leaving the list", async () => {
    const { page } = await openOverviewAgain();
    await page.getByRole("button", { name: "New recipient" }).click();
    await page.getByLabel("Name", { exact: true }).fill("On call");
    await page.getByLabel("URL", { exact: true }).fill("https://example.com/on-call");
    await page.getByRole("dialog").getByRole("button", { name: "Create" }).click();
    await page.getByText("Now add a rule that notifies it.").waitFor();
    await page.getByRole("button", { name: "New alert rule" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Endpoint down");
    await page.getByRole("checkbox", { name: "On call" }).check();
    await page.getByRole("dialog").getByRole("button", { name: "Create" }).click();
    await page.getByText("An alert rule is set up.").waitFor();
    await page.getByText("3 of 4 done").waitFor();
    const { json } = await world.api.get("/api/v1/alert-rule");
    expect(json["data"]).toMatchObject([{ name: "Endpoint down", kind: "endpoint-failing" }]);
  });

  it("open the portal of the application, show the code that embeds it, and stay hidden once they are hidden", async () => {
    const { page } = await openOverviewAgain();
    const opened = page.waitForEvent("popup");
    await page.getByRole("button", { name: "Open the portal of “Demo”" }).click();
    const portal = await opened;
    await portal.getByRole("heading", { level: 1 }).waitFor();
    expect(portal.url()).toContain("/portal");
    await page.getByText("You opened the portal.").waitFor();
    await page.getByText("Embed it in your product").click();
    await page.getByRole("group", { name: "In your page" }).getByText(`${world.server.url}/portal/embed.js`).waitFor();
    await page.getByRole("button", { name: "Hide" }).click();
    await page.reload();
    await page.getByText("Success rate").first().waitFor();
    expect(await page.getByRole("heading", { name: "Get started" }).count()).toBe(0);
  });
});

/** A browser tab that was open while the server was empty. */
async function openOverviewAgain(): Promise<Counted> {
  const page = await browser.open({ token: world.server.token });
  await page.addInitScript(() => {
    if (localStorage.getItem("posthorn.first-run") === null) localStorage.setItem("posthorn.first-run", "open");
  });
  await page.goto(world.server.url);
  await page.getByRole("heading", { name: "Get started" }).waitFor();
  return new Counted(page);
}
