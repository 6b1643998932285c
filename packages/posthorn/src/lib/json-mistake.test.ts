import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findMistake } from "./json-mistake.ts";

describe("findMistake", () => {
  it.each([
    ["", 0],
    ["  ", 2],
    ["{", 1],
    ["nonsense", 1],
    ["tru", 3],
    ["truth", 3],
    ["NaN", 0],
    ['{"a":NaN}', 5],
    ['{"a":01}', 6],
    ['{"a":1.}', 7],
    ['{"a":1e+}', 8],
    ['{"a":+1}', 5],
    ['{"a":-}', 6],
    ['{"a":1,}', 7],
    ["[1,]", 3],
    ["[,1]", 1],
    ["{,}", 1],
    ["[1 2]", 3],
    ["[1.2.3]", 4],
    ["[1e2.5]", 4],
    ["[1e2e]", 4],
    ["[1}", 2],
    ['{"a"]', 4],
    ['{"a":1]', 6],
    ["{'a':1}", 1],
    ["{a:1}", 1],
    ['"a\nb"', 2],
    ['"a\\x"', 3],
    ['"\\u12g4"', 5],
    ['"\\u12', 5],
    ['"never closed', 13],
    ["{}{}", 2],
    ["{} x", 3],
    ["\ufeff{}", 0],
    ["[1]\u00a0", 3],
  ])("finds the place in %j", (text, place) => {
    expect(() => JSON.parse(text) as unknown).toThrow("JSON");
    expect(findMistake(text)).toBe(place);
  });

  it("names the place that V8 names, wherever V8 names one", () => {
    const broken = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom("", ",", "}", "]", '"', "x", "\n", "\\", "1", " "))
      .map(([json, at, put]) => json.slice(0, at % (json.length + 1)) + put + json.slice((at % (json.length + 1)) + 1));
    fc.assert(
      fc.property(broken, (text) => {
        const named = placeByV8(text);
        fc.pre(named !== null);
        expect(findMistake(text)).toBe(named);
      }),
      { numRuns: 2000 },
    );
  });

  it("reads a text of any depth", () => {
    expect(findMistake("[".repeat(1_000_000))).toBe(1_000_000);
  });
});

/** The place in the message of V8; `null` when it names none, or the text is JSON. */
function placeByV8(text: string): number | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    const place = /at position (\d+)/.exec((error as Error).message)?.[1];
    return place === undefined ? null : Number(place);
  }
}
