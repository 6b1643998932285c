/** Fields that choose objects by name in the dashboard: by keyboard, with the mouse, and with a pasted ID. */
import type { Page } from "playwright-core";
import { beforeAll, expect, it } from "vitest";
import { axeFaults, expectAccessible } from "../lib/axe.ts";
import { useBrowser } from "../lib/browser.ts";
import { useWorld } from "../lib/world.ts";

const browser = useBrowser();
const world = useWorld();
const ids = new Map<string, string>();

beforeAll(async () => {
  for (const name of ["Cedar & Pine", "Cedar Mill", "Ember Coffee"]) {
    const uid = name.toLowerCase().replaceAll(/\W+/g, "-");
    const { json } = await world.api.post("/api/v1/app", { name, uid });
    ids.set(uid, json["id"] as string);
  }
  await world.api.post("/api/v1/app/ember-coffee/endpoint", {
    url: `${world.receiver.url}/ember`,
    description: "Till",
  });
});

async function open(path: string): Promise<Page> {
  const page = await browser.open({ token: world.server.token, reducedMotion: "reduce" });
  await page.goto(world.server.url + path);
  await page.getByRole("heading", { level: 1 }).waitFor();
  return page;
}

it("a replay finds its application by a part of the name, by keyboard alone", async () => {
  const page = await open("/replays/new");
  const field = page.getByRole("combobox", { name: "Application" });
  await field.focus();
  await page.keyboard.type("cedar");
  await page.getByRole("option").nth(1).waitFor();
  expect(await page.getByRole("option").allInnerTexts()).toEqual([
    "Cedar Mill\ncedar-mill",
    "Cedar & Pine\ncedar-pine",
  ]);
  expect(await axeFaults(page, "light")).toEqual([]);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Dry run" }).waitFor();
  expect(await field.inputValue()).toBe("Cedar & Pine");
  await expect.poll(() => page.getByRole("listbox").count()).toBe(0);
});

it("a replay takes a pasted ID, shows the name, and lists the endpoints of the application by name", async () => {
  const page = await open("/replays/new");
  const field = page.getByRole("combobox", { name: "Application" });
  await field.fill(ids.get("ember-coffee")!);
  await field.blur();
  await expect.poll(() => field.inputValue()).toBe("Ember Coffee");
  await page.getByRole("combobox", { name: "Endpoints" }).click();
  await page.getByRole("option", { name: "Till" }).click();
  await page.getByRole("list", { name: "Endpoints" }).getByText("Till").waitFor();
  await page.getByRole("combobox", { name: "Event types" }).fill("a.b, c.d");
  await page.getByLabel("From").focus();
  await expect.poll(() => page.getByRole("listbox").count()).toBe(0);
  await expectAccessible(page);
  await page.getByRole("button", { name: "Remove Till" }).click();
  await expect.poll(() => page.getByRole("list", { name: "Endpoints" }).count()).toBe(0);
});

it("says that nothing matches, keeps the earlier choice, and reports an ID that does not exist", async () => {
  const page = await open("/messages?app=ember-coffee");
  const field = page.getByRole("combobox", { name: "Application" });
  await expect.poll(() => field.inputValue()).toBe("Ember Coffee");
  await field.fill("no such customer");
  await page.getByText("No match", { exact: true }).waitFor();
  await field.blur();
  await expect.poll(() => field.inputValue()).toBe("Ember Coffee");
  expect(page.url()).toContain("app=ember-coffee");
  await field.fill("app_missing");
  await field.blur();
  await page.getByText("No object has this ID or external ID.").waitFor();
});

it("a choice with the mouse is stored in the address once, and an emptied field removes it", async () => {
  const page = await open("/watches");
  const field = page.getByRole("combobox", { name: "Reads" });
  await field.fill("mill");
  await page.getByRole("option", { name: "Cedar Mill" }).click();
  await expect.poll(() => page.url()).toContain(`app=${ids.get("cedar-mill")!}`);
  await field.fill("");
  await field.blur();
  await expect.poll(() => page.url()).not.toContain("app=");
});
