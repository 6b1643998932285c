import { describe, expect, it } from "vitest";
import { isRawNumber, parseExact, rounded } from "./exact-json.ts";

describe("JSON is written as it was read", () => {
  it.each([
    '{"id":9007199254740993}',
    '{"list":[123456789012345678901234567890,-9223372036854775808]}',
    '{"amount":0.1234567890123456789012}',
    '{"text":"9007199254740993","one":1}',
    "18446744073709551615",
    '{"quoted":"\\"12345678901234567890\\\\","n":12345678901234567890}',
    '{"__proto__":12345678901234567890,"list":[{"deep":[1234567890.12345678901]}]}',
    '{"exponent":1.2345678901234567e+300}',
  ])("%s", (text) => {
    expect(JSON.stringify(parseExact(text))).toBe(text);
  });
});

it("marks only numbers that would lose digits", () => {
  const { short, long, text } = parseExact(
    '{"short":9007199254740991,"long":9007199254740993,"text":"9007199254740993"}',
  ) as Readonly<Record<string, unknown>>;
  expect([short, long, text].map(isRawNumber)).toEqual([false, true, false]);
  expect(short).toBe(9_007_199_254_740_991);
});

it("rounds only on request", () => {
  expect(rounded({ n: parseExact("9007199254740993") })).toEqual({ n: 9_007_199_254_740_992 });
});

it("accepts values at any depth", () => {
  const text = `${"[".repeat(50_000)}12345678901234567890${"]".repeat(50_000)}`;
  let value = parseExact(text);
  while (Array.isArray(value)) value = value[0];
  expect(isRawNumber(value)).toBe(true);
});

it("rejects text that is not JSON", () => {
  for (const text of ['{"n":9007199254740993', "012345678901234567890", "[1234567890123456.]", "-12345678901234567-8"])
    expect(() => parseExact(text)).toThrow(SyntaxError);
});
