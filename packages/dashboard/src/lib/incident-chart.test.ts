import { describe, expect, it } from "vitest";
import { fillSlots } from "./incident-chart.ts";

const at = (minute: number): string => new Date(Date.UTC(2026, 0, 1) + minute * 60_000).toISOString();

describe("the chart of an incident", () => {
  it("has a bar for every five minutes, including those without failures", () => {
    const bars = fillSlots([
      { at: at(0), attempts: 3 },
      { at: at(15), attempts: 1 },
    ]);
    expect(bars.map(({ attempts }) => attempts)).toEqual([3, 0, 0, 1, ...Array.from({ length: 8 }, () => 0)]);
    expect(fillSlots([])).toEqual([]);
  });

  it("combines periods of long incidents, and loses no attempt", () => {
    const week = Array.from({ length: 2016 }, (_, index) => ({ at: at(index * 5), attempts: 1 }));
    const bars = fillSlots(week);
    expect(bars.length).toBeLessThanOrEqual(288);
    expect(bars.reduce((sum, { attempts }) => sum + attempts, 0)).toBe(2016);
  });
});
