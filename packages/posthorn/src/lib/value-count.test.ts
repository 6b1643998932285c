import { describe, expect, it } from "vitest";
import { hasMoreFieldsThan, hasMoreValuesThan } from "./value-count.ts";

describe("hasMoreValuesThan", () => {
  it.each([
    ["[1,2,3,4,5]", 6],
    ["[[1],[2],[3],[4]]", 9],
    ['{"a":{"b":1},"c":"2"}', 5],
    [`["[,{,\\\\",",\\",",[1]]`, 6],
    [`["\\\\\\",[","\\\\",1]`, 4],
  ])("counts the values of %s, but nothing inside strings", (json, most) => {
    expect(hasMoreValuesThan(json.padEnd(100), most)).toBe(false);
  });

  it("detects a single value over the limit", () => {
    const list = `[${Array.from({ length: 100 }, () => "{}").join(",")}]`;
    expect(hasMoreValuesThan(list, 99)).toBe(true);
    expect(hasMoreValuesThan(`"${"[,".repeat(1000)}"`, 1)).toBe(false);
  });
});

it("hasMoreFieldsThan counts the fields of a form", () => {
  expect(hasMoreFieldsThan("a=1&b=2&c=3", 3)).toBe(false);
  expect(hasMoreFieldsThan("a=1&b=2&c=3&d", 3)).toBe(true);
});
