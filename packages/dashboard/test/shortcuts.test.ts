/** The page of keyboard shortcuts lists each key that the dashboard handles, and each page of the menu has one. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { PAGE_KEYS } from "../src/lib/shortcuts.ts";

const source = (path: string): string => readFileSync(join(import.meta.dirname, "../src", path), "utf8");
const matches = (text: string, pattern: RegExp): readonly string[] =>
  [...text.matchAll(pattern)].map((match) => match[1]!);

describe("the keyboard shortcuts", () => {
  it("open each page of the menu, and no other, with one letter", () => {
    const menu = matches(source("layout/navigation.tsx"), /\{ to: "([^"]+)", name:/g);
    expect(menu.length).toBeGreaterThan(10);
    expect(PAGE_KEYS.map(({ to }) => to).toSorted()).toEqual(menu.toSorted());
    expect(new Set(PAGE_KEYS.map(({ key }) => key)).size).toBe(PAGE_KEYS.length);
  });

  it("are all on the page that lists them", () => {
    const handled = matches(source("layout/use-shortcuts.ts"), /key === "(.)"/g).filter((key) => key !== "g");
    const listed = matches(source("pages/shortcuts.tsx"), /keys=\{\["([^"]+)"\]\}/g);
    expect(handled.length).toBeGreaterThan(3);
    expect(handled.filter((key) => !listed.includes(key))).toEqual([]);
  });
});
