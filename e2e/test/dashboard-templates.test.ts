/** The gallery of templates, from the card to the created objects, in a real browser. */
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

/** ID of the application. */
let shop: string;

beforeAll(async () => {
  const { json } = await world.api.post("/api/v1/app", { name: "Shop", uid: "shop" });
  shop = json["id"] as string;
});

describe("the gallery", () => {
  it("finds a template, shows what it creates, and creates it from the form", async () => {
    const page = await open("/templates");
    await page.getByLabel("Search templates").fill("error rate");
    await page.getByRole("link", { name: "Error rate" }).click();
    await page.getByRole("heading", { level: 1, name: "Error rate" }).waitFor();
    await page.getByText("6 errors of one service, then none").click();
    await page.getByText("errors.high.cleared").first().waitFor();
    await page.getByLabel("Application", { exact: true }).fill("shop");
    await page.getByRole("combobox", { name: /^Destination/ }).selectOption("webhook");
    await page.getByLabel(/^URL of the destination/).fill(`${world.receiver.url}/errors`);
    await page.getByLabel(/^Errors/).fill("2");
    await page.getByRole("button", { name: "Preview", exact: true }).click();
    await page.getByText("error.logged (new)").waitFor();
    await page.getByText("is above 2").waitFor();
    expect((await world.api.get("/api/v1/watch")).json.data).toEqual([]);
    await expectAccessible(page);

    await page.getByRole("button", { name: "Create", exact: true }).click();
    const created = page.getByRole("region", { name: "Created" });
    await created.getByText("Publish a message with the event type error.logged").waitFor();
    await expectAccessible(page);
    expect((await world.api.get("/api/v1/watch")).json.data).toMatchObject([
      { emit: { type: "errors.high" }, rule: { when: { count: { over: "5m", above: 2 } } } },
    ]);
    for (let error = 0; error < 3; error++) {
      const body = { eventType: "error.logged", payload: { service: "checkout", message: "Timeout" } };
      await world.api.post("/api/v1/app/shop/msg", body);
    }
    const request = await world.receiver.waitFor(({ path }) => path === "/errors");
    expect(JSON.parse(request.body.toString())).toMatchObject({ phase: "raised", key: "checkout" });
    await created.getByRole("link").first().click();
    await page.getByRole("link", { name: "checkout" }).waitFor();
  });

  it("marks the field that the server rejects, and creates nothing", async () => {
    const before = (await world.api.get("/ingest/api/v1/source")).json.data;
    const page = await open("/templates/sensor-threshold");
    await page.getByLabel(/^URL of the destination/).fill(`${world.receiver.url}/warm`);
    await page.getByRole("combobox", { name: /^Destination/ }).selectOption("webhook");
    await page.getByLabel(/^Value/).fill("$.[");
    await page.getByRole("button", { name: "Create", exact: true }).click();
    await page.getByRole("alert").first().waitFor();
    expect((await world.api.get("/ingest/api/v1/source")).json.data).toEqual(before);
  });

  it("is German on German pages, with its examples", async () => {
    const page = await open("/templates/error-rate", { locale: "de-DE" });
    await page.getByRole("heading", { level: 1, name: "Fehlerrate" }).waitFor();
    expect(await page.locator("details > summary").allInnerTexts()).toContain("6 Fehler eines Dienstes, danach keiner");
  });
});

describe("table sources", () => {
  it("are listed on a page that builds the command to add one", async () => {
    const page = await open("/sources");
    await page.getByRole("button", { name: "New source" }).first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Choose another kind" }).click();
    await dialog.getByLabel("Search kinds and providers").fill("postgresql table");
    await dialog.getByLabel("Search kinds and providers").press("Enter");
    await dialog.getByText("Table sources are added on the command line").waitFor();
    await dialog.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("heading", { level: 1, name: "Table sources" }).waitFor();
    await page.getByText("To get the command, enter a table and either an application").waitFor();
    await page.getByLabel("Table", { exact: true }).fill("shop.orders");
    const application = page.getByRole("combobox", { name: /^Application \(optional\)/ });
    await application.pressSequentially("sho");
    await page.getByRole("option", { name: "Shop" }).click();
    await expect.poll(() => application.inputValue()).toBe("Shop");
    await page.getByLabel(/^Condition/).fill("new.status = 'paid'");
    const when = String.raw`'new.status = '\''paid'\'''`;
    const command = `posthorn tables add shop.orders --app ${shop} --on insert,update,delete --when ${when}`;
    await expect.poll(() => page.locator("pre").allInnerTexts()).toEqual([`${command} --dry-run`, command]);
    await expectAccessible(page);
  });
});

describe("the filter of a condition", () => {
  it("is built from rows and groups, and is equivalent to its JSON", async () => {
    for (const [status, total] of [
      ["paid", 5],
      ["paid", 500],
      ["open", 900],
    ] as const) {
      await world.api.post("/api/v1/app/shop/msg", { eventType: "order.placed", payload: { status, total } });
    }
    const page = await open("/watches/new");
    await page.getByLabel("Application or source").fill("shop");
    await page.getByRole("option", { name: "Shop" }).click();
    await page.getByRole("combobox", { name: "Condition", exact: true }).selectOption("filter");
    // Suggestions come from the payloads that are stored.
    await expect.poll(() => page.locator('datalist option[value="body.total"]').count()).toBeGreaterThan(0);
    const row = page.getByRole("listitem", { name: "Filter condition 1" });
    await row.getByLabel("Field").fill("body.status");
    await row.getByLabel("Value").fill("paid");
    await page.getByRole("button", { name: "Add filter condition" }).first().click();
    const second = page.getByRole("listitem", { name: "Filter condition 2" });
    await second.getByLabel("Field").fill("body.total");
    await second.getByLabel("Operator").selectOption("gte");
    await second.getByLabel("Value").fill("100");
    const preview = page.getByRole("region", { name: "Preview" }).last();
    await expect.poll(() => preview.locator("ol > li").filter({ hasText: "Raised" }).count()).toBe(1);
    await expectAccessible(page);
    await page.getByRole("group", { name: "Edit the filter as" }).getByRole("button", { name: "JSON" }).click();
    const json = page.getByLabel("Filter (JSON)");
    expect(JSON.parse(await codeOf(json))).toEqual({ body: { status: "paid", total: { $gte: 100 } } });
    await json.fill('{"body": {"list": {"$size": 2}}}');
    await page.getByText("The form cannot show this filter").waitFor();
    await json.fill('{"$or": [{"body": {"status": "open"}}, {"body": {"total": {"$gt": 1}}}]}');
    await page.getByRole("group", { name: "Edit the filter as" }).getByRole("button", { name: "Rows" }).click();
    expect(await page.getByLabel("The message matches if").inputValue()).toBe("any");
    expect(await second.getByLabel("Value").inputValue()).toBe("1");
  });
});
