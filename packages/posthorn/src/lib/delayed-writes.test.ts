import { expect, it } from "vitest";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { DelayedWrites } from "./delayed-writes.ts";

function scene(write: () => Promise<void>) {
  const clock = new ManualClock();
  const failures: unknown[] = [];
  const setTimer = (ms: number, callback: () => void) => clock.setTimer(ms, callback);
  const writes = new DelayedWrites({ delayMs: 1000, setTimer, write, onFailure: (error) => failures.push(error) });
  return { clock, failures, writes };
}

it("writes once for all calls, after the delay from the first", async () => {
  let count = 0;
  const { clock, writes } = scene(async () => void count++);
  writes.later();
  clock.advance(999);
  writes.later();
  expect(count).toBe(0);
  clock.advance(1);
  await writes.now();
  expect(count).toBe(2);
  clock.advance(10_000);
  await Promise.resolve();
  expect(count).toBe(2);
});

it("does not start a write before the previous one has ended", async () => {
  const ends: (() => void)[] = [];
  const { writes } = scene(() => new Promise((resolve) => void ends.push(resolve)));
  const both = [writes.now(), writes.now()];
  await Promise.resolve();
  expect(ends).toHaveLength(1);
  ends[0]!();
  await both[0];
  await Promise.resolve();
  expect(ends).toHaveLength(2);
  ends[1]!();
  await both[1];
});

it("continues after a failed write, and does not retry once it is disposed", async () => {
  let count = 0;
  const { clock, failures, writes } = scene(async () => {
    writes.later();
    if (count++ === 0) throw new Error("The database does not respond.");
  });
  await writes.now();
  expect(failures).toHaveLength(1);
  await writes[Symbol.asyncDispose]();
  expect(count).toBe(2);
  clock.advance(10_000);
  await Promise.resolve();
  expect(count).toBe(2);
});
