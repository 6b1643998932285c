import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { TimerHeap } from "./timers.ts";

describe("TimerHeap", () => {
  it("fires each key once, at the time that was set last and never before, with one timer for all keys", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("set" as const), key: fc.nat(5), in: fc.integer({ min: -50, max: 300 }) }),
      fc.record({ kind: fc.constant("clear" as const), key: fc.nat(5) }),
      fc.record({ kind: fc.constant("advance" as const), by: fc.nat(120) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const clock = new ManualClock();
        const wanted = new Map<number, number>();
        const timers = new TimerHeap(clock, (key) => {
          expect(wanted.get(key)).toBeLessThanOrEqual(clock.now());
          wanted.delete(key);
        });
        for (const each of steps) {
          if (each.kind === "set") {
            wanted.set(each.key, clock.now() + each.in);
            timers.set(each.key, clock.now() + each.in);
          } else if (each.kind === "clear") {
            wanted.delete(each.key);
            timers.clear(each.key);
          }
          clock.advance(each.kind === "advance" ? each.by : 0);
          expect([...wanted.values()].filter((at) => at < clock.now())).toEqual([]);
          expect(timers.size).toBe(wanted.size);
          expect(clock.waiting).toBeLessThanOrEqual(1);
        }
        clock.advance(1000);
        expect(wanted.size).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  it("supports times beyond the longest system timer", () => {
    const clock = new ManualClock();
    const rung: number[] = [];
    const timers = new TimerHeap(clock, (key) => rung.push(key));
    timers.set(1, clock.now() + 60 * 86_400_000);
    clock.advance(59 * 86_400_000);
    expect(rung).toEqual([]);
    clock.advance(2 * 86_400_000);
    expect(rung).toEqual([1]);
  });

  it.each([
    ["while its timer runs", 0, 5000],
    ["before another time was set, less the time between the two", 400, 4500],
  ])("reports by how much the clock was set back %s", (_when, setAfterMs, toldMs) => {
    const clock = new ManualClock();
    const told: number[] = [];
    const timers = new TimerHeap(
      clock,
      () => undefined,
      (ms) => told.push(ms),
    );
    timers.set(1, clock.now() + 1000);
    clock.advance(100);
    clock.leap(-5000);
    clock.advance(setAfterMs);
    if (setAfterMs > 0) timers.set(2, clock.now() + 10);
    clock.advance(1000);
    expect(told).toEqual([toldMs]);
  });

  it("reports no step back when the clock is set forward or slewed", () => {
    const clock = new ManualClock();
    const timers = new TimerHeap(
      clock,
      () => undefined,
      () => expect.unreachable(),
    );
    timers.set(1, clock.now() + 1000);
    clock.leap(5000);
    clock.advance(1000);
    timers.set(1, clock.now() + 1000);
    clock.leap(-99);
    clock.advance(2000);
  });

  it("fires no timers once it is stopped", () => {
    const clock = new ManualClock();
    const timers = new TimerHeap(clock, () => expect.unreachable());
    timers.set(1, clock.now() + 10);
    timers.stop();
    clock.advance(100);
    expect([timers.size, clock.waiting]).toEqual([0, 0]);
  });
});
