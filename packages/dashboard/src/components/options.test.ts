import { describe, expect, it } from "vitest";
import { matching, type Option, splitValues, valueOf } from "./options.ts";

const ACME: Option = { value: "app_1", label: "Acme", uid: "acme-1" };
const OTHER: Option = { value: "app_2", label: "Acme", uid: "acme-2" };
const GLOBEX: Option = { value: "app_3", label: "Globex" };
const ids = { accepts: (text: string) => /^\w+$/.test(text) };

describe("valueOf", () => {
  it("is the ID of an option whose ID, external ID or name was typed in full", () => {
    expect(valueOf(" app_1 ", [ACME, GLOBEX], ids)).toBe("app_1");
    expect(valueOf("acme-1", [ACME, GLOBEX], ids)).toBe("app_1");
    expect(valueOf("gLOBEX", [ACME, GLOBEX], ids)).toBe("app_3");
  });

  it("is never the ID of an option that merely starts with the text, or of one of two with the same name", () => {
    expect(valueOf("Glob", [GLOBEX], { accepts: () => false })).toBeNull();
    expect(valueOf("Acme", [ACME, OTHER], { accepts: () => false })).toBeNull();
  });

  it("is the text itself if no option matches and the source accepts it, such as a pasted ID", () => {
    expect(valueOf("app_9", [ACME], ids)).toBe("app_9");
    expect(valueOf("two words", [ACME], ids)).toBeNull();
  });
});

it("splits pasted lists at commas and line breaks, without duplicates", () => {
  expect(splitValues("a.b, c,\nd,, a.b ")).toEqual(["a.b", "c", "d"]);
});

const PAGES = [
  [
    { value: "ep_1", label: "Billing", detail: "https://a.example/hooks" },
    { value: "ep_2", label: "Orders", detail: "https://b.example/hooks" },
  ],
  [{ value: "ep_3", label: "Billing copy", uid: "copy", detail: "https://b.example/billing" }],
];

async function find(query: string): Promise<readonly string[]> {
  const found = await matching(query, ({ iterator = "0" }) => {
    const next = Number(iterator) + 1;
    return Promise.resolve({ data: PAGES[Number(iterator)]!, iterator: String(next), done: next === PAGES.length });
  });
  return found.map(({ value }) => value);
}

it("finds options of all pages by all words, in names, IDs and second lines, in any case", async () => {
  expect(await find("")).toEqual(["ep_1", "ep_2", "ep_3"]);
  expect(await find("BILLING b.example")).toEqual(["ep_3"]);
  expect(await find("ep_2")).toEqual(["ep_2"]);
  expect(await find("nothing")).toEqual([]);
});
