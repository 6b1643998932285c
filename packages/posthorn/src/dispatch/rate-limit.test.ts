import { describe, expect, it } from "vitest";
import { RateLimit, SECOND_ON_ARRIVAL_MS } from "./rate-limit.ts";

/** Starts each attempt as soon as the limit allows it, and returns the start times. */
function startsWithin(limit: RateLimit, from: number, ms: number): number[] {
  const starts: number[] = [];
  let now = from;
  for (;;) {
    now = limit.readyAt(now);
    if (now >= from + ms) return starts;
    limit.take(now);
    starts.push(now);
  }
}

/** The largest number of starts within any second. */
function peak(starts: readonly number[]): number {
  let first = 0;
  return starts.reduce((most, start, index) => {
    while (starts[first]! <= start - 1000) first++;
    return Math.max(most, index - first + 1);
  }, 0);
}

/** Reproducible random numbers from 0 to below 1. */
function pseudoRandom(): () => number {
  let state = 1;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

describe("a rate limit", () => {
  it.each([0.5, 1, 3, 10, 100, 999, 5000])(
    "of %d per second is never exceeded in any second, and nearly reached",
    (rate) => {
      const starts = startsWithin(new RateLimit(rate, 0), 0, 20_000);
      expect(peak(starts)).toBeLessThanOrEqual(Math.ceil(rate));
      expect(starts.length).toBeGreaterThanOrEqual(Math.floor(rate * 20 * 0.94));
    },
  );

  it.each([1, 10, 200])("of %d per second is not exceeded on arrival when requests are up to 25 ms late", (rate) => {
    const starts = startsWithin(new RateLimit(rate, 0, SECOND_ON_ARRIVAL_MS), 0, 20_000);
    // Worst case: every second attempt has the maximum delay, and the others have none.
    const arrivals = starts.map((start, index) => start + (index % 2) * 25).toSorted((a, b) => a - b);
    expect(peak(arrivals)).toBeLessThanOrEqual(rate);
    expect(starts.length).toBeGreaterThanOrEqual(Math.floor(rate * 20 * 0.92));
  });

  it.each([1, 3, 10, 100])("of %d per second is not exceeded when another node takes over", (rate) => {
    const second = (from: number): RateLimit => new RateLimit(rate, from, SECOND_ON_ARRIVAL_MS);
    for (let handedOver = 1; handedOver < 1100; handedOver += 7) {
      const before = startsWithin(second(0), 0, handedOver);
      const next = second(handedOver);
      next.usedUntil(handedOver);
      const after = startsWithin(next, handedOver, 3000);
      expect(peak([...before, ...after])).toBeLessThanOrEqual(rate);
      // The wait is no longer than one interval.
      expect(after[0]! - handedOver).toBeLessThanOrEqual(SECOND_ON_ARRIVAL_MS / rate + 10);
    }
  });

  it("below one per second delays an attempt by at most 1 second when another node takes over", () => {
    const rare = new RateLimit(0.01, 5000);
    rare.usedUntil(5000);
    expect(rare.readyAt(5000)).toBe(5000 + SECOND_ON_ARRIVAL_MS);
    // No delay at all when the last attempt was long ago.
    const late = new RateLimit(1, 9000);
    late.usedUntil(5000);
    expect(late.readyAt(9000)).toBe(9000);
  });

  it("does not accumulate while nothing is sent", () => {
    const limit = new RateLimit(10, 0);
    expect(peak(startsWithin(limit, 3_600_000, 5000))).toBeLessThanOrEqual(10);
  });

  it("counts attempts from before a change, and waits for them no longer than its own interval", () => {
    const limit = new RateLimit(2, 0);
    limit.take(0);
    limit.take(500);
    expect(limit.changed(1, 510).readyAt(510)).toBe(1500);
    expect(limit.changed(10, 510).readyAt(510)).toBe(600);
    expect(limit.changed(1, 5000).readyAt(5000)).toBe(5000);
    const rare = new RateLimit(0.01, 0);
    rare.take(0);
    expect(rare.changed(10, 50).readyAt(50)).toBe(100);
  });

  it("is not used up by an attempt that was not made", () => {
    const limit = new RateLimit(1, 0);
    limit.take(0);
    expect(limit.readyAt(0)).toBe(1000);
    limit.giveBack(0);
    expect(limit.readyAt(0)).toBe(0);
  });

  it.each([1, 2, 10, 100, 1000])(
    "of %d per second is not exceeded after attempts that were not made, whenever they end",
    (rate) => {
      const random = pseudoRandom();
      const limit = new RateLimit(rate, 0);
      const made: number[] = [];
      const pending: { readonly start: number; readonly end: number }[] = [];
      for (let now = 0; now < 60_000;) {
        while (pending.length > 0 && pending[0]!.end <= now) limit.giveBack(pending.shift()!.start);
        if (limit.readyAt(now) > now) {
          now = Math.min(limit.readyAt(now), pending[0]?.end ?? Infinity);
          continue;
        }
        limit.take(now);
        if (random() < 0.5) made.push(now);
        else pending.push({ start: now, end: now + Math.ceil(3000 * random()) });
        pending.sort((a, b) => a.end - b.end);
      }
      expect(peak(made)).toBeLessThanOrEqual(rate);
    },
  );

  it("is available to others as soon as attempts that started together were not made", () => {
    const limit = new RateLimit(100, 0);
    const begun = startsWithin(limit, 0, 1);
    expect(begun).toHaveLength(5);
    const ready = limit.readyAt(1);
    for (const start of begun) limit.giveBack(start);
    expect(ready).toBeGreaterThan(1);
    expect(startsWithin(limit, 1, 1)).toHaveLength(5);
  });

  it("is not affected by the end of an attempt from before a change", () => {
    const limit = new RateLimit(1, 0);
    limit.take(0);
    const changed = limit.changed(2, 10);
    changed.giveBack(0);
    expect(changed.readyAt(10)).toBe(500);
  });

  it("does not block when the clock is set back", () => {
    const limit = new RateLimit(2, 3_600_000);
    limit.take(3_600_000);
    expect(limit.readyAt(1000)).toBe(1000);
    limit.take(1000);
    expect(limit.readyAt(1000)).toBe(1500);
  });
});
