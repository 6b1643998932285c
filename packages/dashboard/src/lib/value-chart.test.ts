import { describe, expect, it } from "vitest";
import { chartRows, drawable, linesOf, scaleOf, ticksOf } from "./value-chart.ts";

const AREA = { width: 400, height: 240, top: 20, right: 10, bottom: 20, left: 50 };

describe("the chart of values", () => {
  it("draws numbers, texts that are numbers, and booleans", () => {
    expect([1.5, "2", true, false, "n/a", "", null, Number.NaN].map(drawable)).toEqual([
      1.5,
      2,
      1,
      0,
      null,
      null,
      null,
      null,
    ]);
  });

  it("shows the series with the most points, in the order of time", () => {
    const values = [
      { at: 3, series: "a", value: 1 },
      { at: 1, series: "b", value: 1 },
      { at: 2, series: "a", value: 2 },
      { at: 2, series: "c", value: "off" },
    ];
    expect(linesOf(values, 1)).toEqual({
      lines: [
        {
          series: "a",
          points: [
            { at: 2, value: 2 },
            { at: 3, value: 1 },
          ],
        },
      ],
      hidden: 1,
    });
  });

  it("keeps every value within the area, even if all are equal", () => {
    for (const values of [[5], [-3, 900], [], [0.001, 0.002]]) {
      const { x, y } = scaleOf({ times: [10, 20], values }, AREA);
      for (const value of values) {
        expect(y.of(value)).toBeGreaterThanOrEqual(AREA.top);
        expect(y.of(value)).toBeLessThanOrEqual(AREA.height - AREA.bottom);
      }
      expect([x.of(10), x.of(20)]).toEqual([58, 382]);
      const ticks = ticksOf(y.domain, 4);
      expect(ticks.length).toBeGreaterThan(1);
      expect(ticks.length).toBeLessThan(7);
    }
  });

  it("has a table with values and events in the order of time", () => {
    const values = [
      { at: 1, series: "a", value: 1 },
      { at: 2, series: "a", value: 9 },
    ];
    const marks = [
      { at: 2, series: "a", kind: "raised" as const },
      { at: 3, series: "a", kind: "cleared" as const },
    ];
    expect(chartRows(values, marks).map(({ at, value, kind }) => [at, value, kind])).toEqual([
      [1, 1, null],
      [2, 9, "raised"],
      [3, undefined, "cleared"],
    ]);
  });
});
