import { describe, expect, it } from "vitest";
import type { AutoDisableValues } from "../policy/auto-disable.ts";
import { disabledAt, percentOfRate, disablePercent, type Streak, warningDue, withFailure } from "./streak.ts";

const policy: AutoDisableValues = {
  enabled: true,
  onGone: true,
  afterSeconds: 1000,
  minFailures: 10,
  failurePercent: 80,
  windowSeconds: 60,
  windowAttempts: 20,
};

function failed(times: readonly number[]): Streak {
  return times.reduce<Streak | undefined>(withFailure, undefined)!;
}

const TEN = Array.from({ length: 10 }, (_, index) => index * 1000);

describe("progress towards being disabled", () => {
  it("requires both the time and the number of failures", () => {
    expect(disablePercent(failed(TEN), policy, 1_000_000)).toBe(100);
    expect(disablePercent(failed(TEN), policy, 500_000)).toBe(50);
    expect(disablePercent(failed([0, 999_000]), policy, 5_000_000)).toBe(20);
    expect(disablePercent(failed([5000]), policy, 0)).toBe(0);
  });

  it("does not exist if auto-disable is off", () => {
    const off = { ...policy, enabled: false };
    expect(disablePercent(failed(TEN), off, 10_000_000)).toBe(0);
    expect([disabledAt(failed(TEN), off), disabledAt(failed([7]), policy)]).toEqual([null, 1_000_007]);
    expect(percentOfRate({ attempts: 100, failures: 100 }, off)).toBe(0);
  });

  it("warns once at 50, 70 and 90 percent, and skips thresholds that were passed at once", () => {
    const given: number[] = [];
    for (const percent of [10, 49, 50, 51, 69, 75, 75, 89, 95, 99]) {
      const warning = warningDue(given.at(-1) ?? 0, percent);
      if (warning !== null) given.push(warning);
    }
    expect(given).toEqual([50, 70, 90]);
    expect(warningDue(0, 95)).toBe(90);
    expect(warningDue(0, 49)).toBeNull();
  });

  it("is faster by failure rate, once there are enough attempts to measure one", () => {
    const percent = (attempts: number, failures: number) => percentOfRate({ attempts, failures }, policy);
    expect([percent(20, 16), percent(20, 15), percent(19, 19), percent(20, 8), percent(10, 10)]).toEqual([
      100, 93, 95, 50, 50,
    ]);
    expect([
      percent(0, 0),
      percentOfRate({ attempts: 1000, failures: 1000 }, { ...policy, failurePercent: 0 }),
    ]).toEqual([0, 0]);
  });
});
