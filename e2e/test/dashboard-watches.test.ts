/** Sources that Posthorn reads, and watches, from the picker to the transition, in a real browser. */
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { expectAccessible } from "../lib/axe.ts";
import { useBrowser } from "../lib/browser.ts";
import { codeOf } from "../lib/code-editor.ts";
import { useWorld } from "../lib/world.ts";

const browser = useBrowser();
const world = useWorld();

async function open(path: string, options: Parameters<typeof browser.open>[0] = {}): Promise<Page> {
  const page = await browser.open({ token: world.server.token, reducedMotion: "reduce", ...options });
  await page.goto(world.server.url + path);
  return page;
}

const RULE = {
  read: { value: "$.temperature", key: "$.device" },
  when: { above: 30 },
  until: { below: 25 },
};

async function publish(device: string, temperature: number | string): Promise<void> {
  const body = { eventType: "reading", payload: { device, temperature, place: { room: "cellar" } } };
  const { status, text } = await world.api.post("/api/v1/app/plant/msg", body);
  if (status !== 202) throw new Error(text);
}

beforeAll(async () => {
  await world.api.post("/api/v1/app", { name: "Plant", uid: "plant" });
  for (const temperature of [20, 28, 34, 29, 24, 31, "n/a", 22]) await publish("boiler-1", temperature);
  await publish("boiler-2", 12);
});

describe("a schedule", () => {
  it("is created from the picker with its due times, is read on request, and can be paused, edited and deleted", async () => {
    const page = await open("/sources");
    await page.getByRole("button", { name: "New source" }).first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Choose another kind" }).click();
    await dialog.getByLabel("Search kinds and providers").fill("cron");
    await dialog.getByLabel("Search kinds and providers").press("Enter");
    await dialog.getByLabel("Name", { exact: true }).fill("Morning");
    await dialog.getByLabel("Cron expression (optional)").fill("0 9 * * 1-5");
    await dialog.getByLabel("Time zone (optional)").fill("Europe/Berlin");
    await dialog.getByText("Next due times (Europe/Berlin)").waitFor();
    await expect.poll(() => dialog.locator("ol > li > time").count()).toBe(5);
    expect(await dialog.locator("ol > li > time").allInnerTexts()).toEqual(
      Array.from({ length: 5 }, () => expect.stringContaining("09:00:00")),
    );
    await dialog.getByLabel("Cron expression (optional)").fill("never");
    await dialog.getByText("This is not a cron expression").waitFor();
    await dialog.getByLabel("Cron expression (optional)").fill("");
    await dialog.getByLabel("Interval in seconds (optional)").fill("86400");
    await dialog.getByText("= 24 h").waitFor();
    await dialog.getByRole("button", { name: "Create" }).click();

    await page.getByRole("heading", { level: 1, name: "Morning" }).waitFor();
    const reading = page.getByRole("region", { name: "Reading" });
    await reading.getByText("Waiting", { exact: true }).waitFor();
    await reading.getByRole("button", { name: "Pause" }).click();
    await reading.getByText("Paused", { exact: true }).waitFor();
    await page.goto(`${world.server.url}/sources?state=paused`);
    await page.getByRole("link", { name: "Morning" }).click();
    await reading.getByRole("button", { name: "Resume" }).click();
    await reading.getByRole("button", { name: "Poll now" }).click();

    const samples = page.getByRole("region", { name: "Latest events" });
    await samples.getByRole("button", { name: "Send a sample" }).click();
    expect(await page.getByRole("dialog").getByLabel("Event type", { exact: true }).inputValue()).toBe("schedule.due");
    await page.getByRole("dialog").getByRole("button", { name: "Send" }).click();
    await samples.getByText('{"value":1}').first().waitFor();
    await expectAccessible(page);

    await page.getByRole("link", { name: "Settings" }).last().click();
    await page.getByLabel("Name", { exact: true }).fill("Daily");
    await page.getByLabel("Interval in seconds (optional)").fill("3600");
    await page.getByRole("button", { name: "Save" }).first().click();
    await page.getByText("Saved", { exact: true }).waitFor();
    const { json } = await world.api.get("/ingest/api/v1/source?kind=schedule");
    expect(json.data).toMatchObject([{ name: "Daily", config: { everySeconds: 3600 }, state: "waiting" }]);
    await page.getByRole("button", { name: "Delete source" }).click();
    await page.getByRole("dialog").getByText("Its position, its events").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByRole("heading", { level: 1, name: "Sources" }).waitFor();
    expect((await world.api.get("/ingest/api/v1/source?kind=schedule")).json.data).toEqual([]);
  });
});

describe("a watch", () => {
  it("is built from fields with a preview, raises, shows why, and clears", async () => {
    const page = await open("/watches/new");
    await page.getByLabel("Application or source").fill("plant");
    await page.getByLabel("Name", { exact: true }).fill("Too hot");
    await page.getByLabel("Event type to publish").fill("boiler.hot");
    await page.getByText("boiler.hot.raised").waitFor();
    // Suggestions come from the payloads that are stored.
    await expect.poll(() => page.locator('datalist option[value="$.temperature"]').count()).toBeGreaterThan(0);
    await page.getByLabel("Value", { exact: true }).fill("$.temperature");
    await page.getByLabel("Key", { exact: true }).fill("$.device");
    await page.getByLabel("Threshold").fill("30");
    await page.getByLabel("Clear the key").selectOption("own");
    await page.getByLabel("Threshold").last().fill("25");
    await page
      .getByText("Raised when temperature is above 30, per device. Cleared when temperature is below 25.")
      .waitFor();
    const preview = page.getByRole("region", { name: "Preview" }).last();
    await preview.getByText("9 messages · 9 samples · 1 unreadable").waitFor();
    await expect.poll(() => preview.getByRole("listitem").filter({ hasText: "boiler-1" }).count()).toBeGreaterThan(3);
    await preview.getByRole("img", { name: "Values over time" }).waitFor();
    await preview.getByText("Show as table").click();
    await preview.getByRole("cell", { name: "Raised" }).first().waitFor();
    await expectAccessible(page);

    await page.getByRole("button", { name: "Create watch" }).click();
    await page.getByRole("heading", { level: 1, name: "Too hot" }).waitFor();
    await page.getByText("No keys yet").waitFor();
    await publish("boiler-1", 35);
    await publish("boiler-2", 12);
    await page.getByRole("link", { name: "boiler-1" }).click();
    const key = page.getByRole("region", { name: "boiler-1" });
    await key.getByText("The key stays raised until the condition to clear it holds.").waitFor();
    await key.getByText("temperature is above 30").waitFor();
    await expectAccessible(page);
    await publish("boiler-1", 20);
    await page.getByRole("link", { name: "Transitions" }).click();
    await expect.poll(() => page.getByRole("row").count()).toBe(3);
    await page.getByText("Cleared").first().waitFor();
    await page.goto(`${world.server.url}/watches?state=clear&search=hot`);
    await page.getByRole("link", { name: "Too hot" }).waitFor();
    await page.goto(`${world.server.url}/watches?state=raised`);
    await page.getByText("No watch matches these filters.").waitFor();
  });

  it("shows an error at its field, and is the same rule as JSON", async () => {
    const page = await open("/watches/new");
    await page.getByLabel("Application or source").fill("plant");
    await page.getByLabel("Threshold").fill("30 °C");
    const threshold = page.getByLabel("Threshold");
    await expect.poll(() => threshold.getAttribute("aria-invalid")).toBe("true");
    await threshold.fill("30");
    await expect.poll(() => threshold.getAttribute("aria-invalid")).toBe("false");
    await page.getByRole("combobox", { name: "Condition", exact: true }).selectOption("all");
    await page.getByRole("button", { name: "Add condition" }).click();
    await page
      .getByRole("listitem", { name: "Condition 2" })
      .getByRole("combobox", { name: "Condition", exact: true })
      .selectOption("silent");
    await page.getByLabel("For: number", { exact: true }).fill("0");
    await expect.poll(() => page.getByLabel("For: number", { exact: true }).getAttribute("aria-invalid")).toBe("true");
    await page.getByText("Enter a whole number above 0.").waitFor();
    await page.getByLabel("For: number", { exact: true }).fill("10");
    await page.getByRole("button", { name: "JSON" }).click();
    const json = page.getByLabel("Rule (JSON)");
    expect(JSON.parse(await codeOf(json))).toEqual({ when: { all: [{ above: 30 }, { silent: "10m" }] } });
    await json.fill('{"when": {"above": 1, "below": 2}}');
    await page.getByText("The form cannot show this rule").waitFor();
    await json.fill('{"when": {"changed": {"by": "5%"}}}');
    await page.getByRole("button", { name: "Form" }).click();
    expect(await page.getByLabel("By", { exact: true }).inputValue()).toBe("5%");
  });

  it("can be paused, changed and deleted", async () => {
    const body = { name: "Spare", emit: { type: "spare" }, rule: RULE };
    const { id } = (await world.api.post("/api/v1/app/plant/watch", body)).json as { id: string };
    const page = await open(`/watches/plant/${id}`);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText("This watch is paused.").waitFor();
    await page.getByRole("link", { name: "Rule", exact: true }).click();
    await page.getByLabel("Threshold").first().fill("40");
    await page.getByLabel("Must hold for: number").fill("5");
    await page.getByRole("button", { name: "Save watch" }).click();
    await page.getByText("Saved", { exact: true }).waitFor();
    expect((await world.api.get(`/api/v1/app/plant/watch/${id}`)).json).toMatchObject({
      paused: true,
      version: 2,
      rule: { ...RULE, when: { above: 40 }, for: "5m" },
    });
    await page.getByRole("link", { name: "Settings" }).last().click();
    await page.getByRole("button", { name: "Delete watch" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByRole("heading", { level: 1, name: "Watches" }).waitFor();
    expect((await world.api.get(`/api/v1/app/plant/watch/${id}`)).status).toBe(404);
  });
});
