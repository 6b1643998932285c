/** The code editor: marked errors, suggestions, the keyboard, unsaved changes, and the text field as its fallback. */
import type { Locator, Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { axeFaults } from "../lib/axe.ts";
import { useBrowser } from "../lib/browser.ts";
import { codeOf, loaded } from "../lib/code-editor.ts";
import { portalLink } from "../lib/portal-scene.ts";
import { useWorld } from "../lib/world.ts";

const browser = useBrowser();
const world = useWorld();
let endpoint: string;

beforeAll(async () => {
  await world.api.post("/api/v1/app", { name: "Acme", uid: "acme" });
  const created = await world.api.post("/api/v1/app/acme/endpoint", { url: `${world.receiver.url}/hook` });
  endpoint = created.json["id"] as string;
  await world.api.post("/api/v1/app/acme/msg", {
    eventType: "order.paid",
    payload: { order: { total: 12, sku: "a" } },
  });
});

async function matchingTab(): Promise<Page> {
  const page = await browser.open({ token: world.server.token });
  await page.goto(`${world.server.url}/applications/acme/endpoints/${endpoint}?tab=matching`);
  return page;
}

function codeIn(page: Page): Locator {
  return page.getByRole("region", { name: "Transformation", exact: true }).getByLabel("JavaScript");
}

describe("the editor of a transformation", () => {
  it("suggests the webhook and the payload of recent messages, marks the line that the server rejects, and asks before unsaved changes are lost", async () => {
    const page = await matchingTab();
    const code = codeIn(page);
    await loaded(code);
    await code.click();
    await page.keyboard.type("function handler(hook) {\nhook.payl");
    await page.getByRole("option", { name: /payload.*the parsed payload/ }).click();
    await page.keyboard.type(".order.");
    await page.getByRole("option", { name: "total" }).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.type("total = 13;\nconst a = 1;\nconst a = 2;\nreturn hook;");
    expect(await codeOf(code)).toBe(
      "function handler(hook) {\n  hook.payload.order.total = 13;\n  const a = 1;\n  const a = 2;\n  return hook;\n}",
    );
    const card = page.getByRole("region", { name: "Transformation", exact: true });
    await card.getByRole("button", { name: "Save" }).click();
    await card.getByText(/redefinition/).waitFor();
    expect(await card.locator(".cm-line:has(.cm-lintRange-error)").innerText()).toContain("const a = 2;");
    expect(await axeFaults(page, "light")).toEqual([]);

    await page.getByRole("link", { name: "Settings", exact: true }).last().click();
    const question = page.getByRole("alertdialog", { name: "Discard unsaved changes?" });
    await question.getByRole("button", { name: "Keep editing" }).click();
    await question.waitFor({ state: "detached" });
    expect(page.url()).toContain("tab=matching");
    await page.getByRole("link", { name: "Settings", exact: true }).last().click();
    await question.getByRole("button", { name: "Discard changes" }).click();
    await expect.poll(() => page.url()).toContain("tab=settings");
  });

  it("is not a keyboard trap: Tab and Shift+Tab leave it", async () => {
    const page = await matchingTab();
    const code = codeIn(page);
    await loaded(code);
    const hasFocus = () => code.evaluate((field) => field === document.activeElement);
    await code.focus();
    await page.keyboard.type("// one");
    await page.keyboard.press("Tab");
    expect(await hasFocus()).toBe(false);
    await page.keyboard.press("Shift+Tab");
    expect(await hasFocus()).toBe(true);
    await page.keyboard.press("Shift+Tab");
    expect(await hasFocus()).toBe(false);
    expect(await codeOf(code)).toBe("// one");
  });

  it("is a text field where the editor cannot load", async () => {
    const page = await browser.open({ token: world.server.token, refused: true });
    await page.route("**/code-mirror-*.js", (route) => route.abort());
    await page.goto(`${world.server.url}/applications/acme/endpoints/${endpoint}?tab=matching`);
    const refused = page.waitForEvent("requestfailed");
    const code = codeIn(page);
    await code.fill("function handler(webhook) { return webhook; }");
    await refused;
    expect(await code.inputValue()).toContain("return webhook");
    const card = page.getByRole("region", { name: "Transformation", exact: true });
    await card.getByRole("button", { name: "Save" }).click();
    await card.getByText("Saved", { exact: true }).waitFor();
    await world.api.patch(`/api/v1/app/acme/endpoint/${endpoint}/transformation`, { code: null });
  });
});

describe("the editor of a filter", () => {
  it("suggests paths and operators in the portal, marks the clause that the server rejects, and counts the matching messages", async () => {
    const page = await browser.open();
    await page.goto((await portalLink(world, "acme")).url);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.goto(`${world.server.url}/portal/endpoints/${endpoint}?tab=matching`);
    await page.getByRole("button", { name: "Add filter", exact: true }).click();
    const card = page.getByRole("region", { name: "Filter", exact: true });
    await card.getByRole("button", { name: "JSON" }).click();
    const json = page.getByLabel("Filter (JSON)");
    await loaded(json);
    await json.fill("");
    await json.click();
    await page.keyboard.type('{"body": {"order": {"to');
    await page.getByRole("option", { name: '"total"' }).click();
    await page.keyboard.type('{"$g');
    await page.getByRole("option", { name: /^"\$gt"\s*greater than$/ }).click();
    await page.keyboard.type("true");
    expect(await codeOf(json)).toBe('{"body": {"order": {"total": {"$gt": true}}}}');
    await card.getByRole("button", { name: "Save" }).click();
    await card.locator(".cm-lintRange-error").waitFor();
    expect(await card.locator(".cm-lintRange-error").allInnerTexts()).toEqual(['"$gt"']);

    await json.fill('{"body": {"order": {"total": {"$gt": 20}}}}');
    const trial = page.getByRole("region", { name: "Recent messages" });
    await trial.getByRole("button", { name: "Try on recent messages" }).click();
    await trial.getByText("Matching messages: 0 of 1.").waitFor();
    await trial.getByText("body.order.total.$gt", { exact: true }).first().waitFor();
    expect(await axeFaults(page, "light")).toEqual([]);
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await axeFaults(page, "dark")).toEqual([]);
  });
});
