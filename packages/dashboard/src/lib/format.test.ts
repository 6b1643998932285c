import { describe, expect, it } from "vitest";
import { formatDuration, formatPercent } from "./format.ts";

describe("a duration", () => {
  it.each([
    [5.25, "5.3 ms"],
    [250, "250 ms"],
    [1440, "1.4 s"],
    [240_000, "4 min"],
    [9_000_000, "2.5 h"],
    [432_000_000, "5 days"],
  ])("of %d ms is shown as %s", (ms, text) => expect(formatDuration("en", ms).replaceAll("\u00a0", " ")).toBe(text));

  it("has the words of the page's language", () => expect(formatDuration("de", 432_000_000)).toBe("5 Tage"));
});

describe("a percentage", () => {
  it("is written as in the page's language", () => {
    expect(formatPercent("en", 99.406, 2)).toBe("99.41%");
    expect(formatPercent("de", 99.406, 2)).toBe("99,41\u00a0%");
    expect(formatPercent("en", 100)).toBe("100%");
  });
});
