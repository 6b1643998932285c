import { describe, expect, it } from "vitest";
import { threadBus, toldUsage } from "../../test/support/thread-bus.ts";
import { InboundLimits } from "./limits.ts";

const DAY_MS = 86_400_000;
const MIB = 1024 * 1024;

function limitsAt(time = 0): { readonly limits: InboundLimits; readonly clock: { now: number } } {
  const clock = { now: time };
  return { limits: new InboundLimits(() => clock.now), clock };
}

describe("the rate limit of a source", () => {
  it("allows a burst of one second's events, then one at a time", () => {
    const { limits, clock } = limitsAt();
    expect(Array.from({ length: 4 }, () => limits.waitOf(1, 3))).toEqual([0, 0, 0, 1]);
    clock.now = 334;
    expect([limits.waitOf(1, 3), limits.waitOf(1, 3)]).toEqual([0, 1]);
  });

  it("does not last longer after the clock was set back", () => {
    const { limits, clock } = limitsAt(DAY_MS);
    expect([limits.waitOf(1, 1), limits.waitOf(1, 1)]).toEqual([0, 1]);
    clock.now = 0;
    expect(limits.waitOf(1, 1)).toBe(1);
    clock.now = 1000;
    expect(limits.waitOf(1, 1)).toBe(0);
  });

  it("does not affect other sources, nor a source without a limit", () => {
    const { limits } = limitsAt();
    expect([limits.waitOf(1, 1), limits.waitOf(1, 1), limits.waitOf(2, 1)]).toEqual([0, 1, 0]);
    expect(Array.from({ length: 100 }, () => limits.waitOf(3, null)).every((wait) => wait === 0)).toBe(true);
  });
});

describe("several threads of a process", () => {
  it("keep the rate and the quota of a source together", async () => {
    const clock = { now: DAY_MS };
    const [one, two] = threadBus(2).map((broadcast) => new InboundLimits(() => clock.now, broadcast)) as [
      InboundLimits,
      InboundLimits,
    ];
    expect([one.waitOf(1, 4), two.waitOf(1, 4), two.waitOf(1, 4)]).toEqual([0, 0, 0]);
    for (const limits of [one, two]) limits.beginDay(1, 0);
    expect([one.takeEvent(1, 3), two.takeEvent(1, 3)]).toEqual([true, true]);
    await toldUsage();
    expect([one.waitOf(1, 4), two.waitOf(1, 4)]).toEqual([0, 0]);
    expect([one.takeEvent(1, 3), two.takeEvent(1, 2)]).toEqual([true, false]);
    await toldUsage();
    expect([one.waitOf(1, 4), two.waitOf(1, 4)]).toEqual([1, 1]);
    expect([one.takeEvent(1, 3), two.takeEvent(1, 3)]).toEqual([false, false]);
    // A repetition does not count in either of them.
    one.giveEvent(1);
    await toldUsage();
    expect(two.takeEvent(1, 3)).toBe(true);
  });
});

/** The limits of two threads, and how many of their requests at a rate of 100 are allowed. */
function twoThreads() {
  const clock = { now: DAY_MS };
  const threads = threadBus(2).map((broadcast) => new InboundLimits(() => clock.now, broadcast));
  const [one, two] = threads as [InboundLimits, InboundLimits];
  const allowed = (limits: InboundLimits, requests: number): number =>
    Array.from({ length: requests }, () => limits.waitOf(1, 100)).filter((wait) => wait === 0).length;
  return { one, two, clock, allowed };
}

describe("the rate of a source in two threads", () => {
  it("is kept if one of them has not received a request yet", async () => {
    const { one, two, allowed } = twoThreads();
    expect(allowed(one, 90)).toBe(90);
    await toldUsage();
    expect(allowed(two, 100)).toBe(10);
  });

  it("is kept after a pause", async () => {
    const { one, two, clock, allowed } = twoThreads();
    expect([allowed(one, 1), allowed(two, 1)]).toEqual([1, 1]);
    await toldUsage();
    clock.now += 60_000;
    expect(allowed(one, 200)).toBe(100);
    await toldUsage();
    expect(allowed(two, 200)).toBe(0);
  });

  it("is kept while both receive more than it allows", async () => {
    const { one, two, clock, allowed } = twoThreads();
    let total = 0;
    for (let ms = 0; ms < 10_000; ms += 10) {
      clock.now += 10;
      total += allowed(one, 5) + allowed(two, 5);
      await toldUsage();
    }
    // A burst, which both may allow before they notify each other, and 10 s.
    expect(total).toBeLessThanOrEqual(100 + 1000 + 10);
  });
});

describe("the daily quota", () => {
  it("includes the events of today in the database, and starts again the next day", () => {
    const { limits, clock } = limitsAt(DAY_MS + 1000);
    expect([limits.knowsDay(1), limits.startOfDay()]).toEqual([false, DAY_MS]);
    limits.beginDay(1, 9);
    expect([limits.takeEvent(1, 10), limits.takeEvent(1, 10)]).toEqual([true, false]);
    expect(limits.untilTomorrow()).toBe(86_399);
    clock.now = 2 * DAY_MS;
    expect([limits.knowsDay(1), limits.takeEvent(1, 10)]).toEqual([false, true]);
  });

  it("does not decrease when the events in the database are read a second time", () => {
    const { limits } = limitsAt();
    limits.beginDay(1, 0);
    limits.takeEvent(1, 2);
    limits.beginDay(1, 0);
    expect([limits.takeEvent(1, 2), limits.takeEvent(1, 2)]).toEqual([true, false]);
  });
});

describe("request bytes in memory", () => {
  it("are limited per source and in total, and available again once released", () => {
    const { limits } = limitsAt();
    expect([limits.takeBytes(1, 64 * MIB), limits.takeBytes(1, 1)]).toEqual([true, false]);
    for (const source of [2, 3, 4]) expect(limits.takeBytes(source, 64 * MIB)).toBe(true);
    expect(limits.takeBytes(5, 1)).toBe(false);
    limits.giveBytes(1, 64 * MIB);
    expect(limits.takeBytes(5, 1)).toBe(true);
  });
});
