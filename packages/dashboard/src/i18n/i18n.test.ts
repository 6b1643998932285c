import { describe, expect, it } from "vitest";
import { de } from "./de.ts";
import { en } from "./en.ts";

function keysOf(words: object, path = ""): readonly string[] {
  return Object.entries(words).flatMap(([name, value]) =>
    typeof value === "string" ? [`${path}${name}`] : keysOf(value as object, `${path}${name}.`),
  );
}

function at(words: object, key: string): string {
  return key.split(".").reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], words) as string;
}

/** Placeholders in double braces. */
function holesOf(text: string): readonly string[] {
  return [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name!).toSorted((a, b) => a.localeCompare(b));
}

describe("the translations", () => {
  it("have the same keys in every language", () => {
    expect(keysOf(de).toSorted()).toEqual(keysOf(en).toSorted());
  });

  it("have the same placeholders in every text, and no empty text", () => {
    const shapeOf = (words: object) =>
      keysOf(en).map((key) => ({ key, empty: at(words, key) === "", holes: holesOf(at(words, key)) }));
    expect(shapeOf(de)).toEqual(shapeOf(en));
  });
});
