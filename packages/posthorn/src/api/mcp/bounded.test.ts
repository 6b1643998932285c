import { expect, it } from "vitest";
import { bounded, MAX_RESULT_CHARACTERS } from "./bounded.ts";

it("does not change small values", () => {
  const value = { text: "a", list: [1, null, { deep: true }] };
  expect(bounded(value)).toEqual({ value, isShortened: false });
});

it.each([
  ["a long text", "x".repeat(1_000_000)],
  ["a long list", Array.from({ length: 100_000 }, (_, n) => ({ n, text: "text" }))],
  ["many members", Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`member-${n}`, n]))],
  ["long names", { ["n".repeat(200_000)]: 1 }],
  ["lists in lists", Array.from({ length: 60 }, () => Array.from({ length: 60 }, () => "y".repeat(300)))],
])("shortens %s to the limit, and says so", (_name, value) => {
  const { value: short, isShortened } = bounded(value);
  expect(isShortened).toBe(true);
  expect(JSON.stringify(short).length).toBeLessThanOrEqual(MAX_RESULT_CHARACTERS);
  expect(JSON.stringify(short)).toMatch(/more|characters/);
});

it("does not cut a character in two", () => {
  const { value } = bounded(`${"a".repeat(7999)}${"😀".repeat(50_000)}`);
  expect(String(value)).not.toMatch(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])/);
});
