import { describe, expect, it } from "vitest";
import { aggregatesOf, aggregateValues, comparesValues, durationMs, thresholdsOf } from "./watch-chart.ts";
import type { WatchRule } from "./watch-draft.ts";

const MINUTE = 60_000;
const label = (bound: string, value: number, isEnd: boolean): string => `${isEnd ? "until " : ""}${bound} ${value}`;

describe("the chart of a watch", () => {
  it("has the thresholds for values, and separately those of each aggregate", () => {
    const rule: WatchRule = {
      when: { all: [{ above: 5 }, { not: { between: [8, 9] } }, { avg: { over: "5m", above: 7 } }] },
      until: { any: [{ below: 3 }, { avg: { over: "5m", below: 2 } }, { count: { over: "1h", outside: [1, 4] } }] },
    };
    expect(thresholdsOf(rule, label).map((one) => one.label)).toEqual([
      "above 5",
      "above 8",
      "below 9",
      "until below 3",
    ]);
    expect(
      aggregatesOf(rule, label).map(({ of, over, thresholds }) => [of, over, thresholds.map((one) => one.label)]),
    ).toEqual([
      ["avg", "5m", ["above 7", "until below 2"]],
      ["count", "1h", ["until below 1", "until above 4"]],
    ]);
    expect(comparesValues(rule)).toBe(true);
    expect(comparesValues({ when: { count: { over: "5m", above: 3 } } })).toBe(false);
  });

  it("draws an aggregate at each sample, and when a sample leaves the period", () => {
    const values = [
      { at: 0, series: "a", value: 2 },
      { at: 2 * MINUTE, series: "a", value: 4 },
      { at: 2 * MINUTE, series: "a", value: "n/a" },
      { at: 10 * MINUTE, series: "b", value: 1 },
    ];
    const of = (aggregate: "avg" | "count" | "max", series = "a") =>
      aggregateValues(values, aggregate, 5 * MINUTE)
        .filter((one) => one.series === series)
        .map(({ at, value }) => `${at / MINUTE}: ${String(value)}`);
    expect(of("avg")).toEqual(["0: 2", "2: 3", "5: 4"]);
    expect(of("count")).toEqual(["0: 1", "2: 3", "5: 2", "7: 0"]);
    expect(of("max")).toEqual(["0: 2", "2: 4", "5: 4"]);
    expect(of("count", "b")).toEqual(["10: 1"]);
  });

  it("reads the durations of rules", () => {
    expect(["30s", "5m", "2h", "1d", "1w", "x"].map(durationMs)).toEqual([
      30_000,
      300_000,
      7_200_000,
      86_400_000,
      604_800_000,
      null,
    ]);
  });
});
