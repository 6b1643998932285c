import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type DeadlineEntry, Deadlines, type Timed } from "./timeouts.ts";

describe("deadlines", () => {
  const ended: string[] = [];

  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    vi.useRealTimers();
    ended.length = 0;
  });

  function add(deadlines: Deadlines<Timed>, name: string, timeoutMs: number): DeadlineEntry<Timed> {
    const dueAt = performance.now() + timeoutMs;
    return deadlines.add(
      { dueAt, onDeadline: () => void ended.push(`${name} ${performance.now() - dueAt}`) },
      timeoutMs,
    );
  }

  test("fire on time and in the order of their time, whatever their timeouts", () => {
    const deadlines = new Deadlines<Timed>();
    add(deadlines, "c", 300);
    add(deadlines, "a", 100);
    vi.advanceTimersByTime(50);
    add(deadlines, "b", 100);
    add(deadlines, "d", 300);
    vi.advanceTimersByTime(99);
    expect(ended).toEqual(["a 0"]);
    vi.advanceTimersByTime(1000);
    expect(ended).toEqual(["a 0", "b 0", "c 0", "d 0"]);
    expect(deadlines.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("that were removed are not called, and one timer serves all", () => {
    const deadlines = new Deadlines<Timed>();
    const entries = Array.from({ length: 100 }, (_none, index) => add(deadlines, `x${index}`, 1000));
    add(deadlines, "last", 1500);
    expect(vi.getTimerCount()).toBe(1);
    for (const entry of entries) deadlines.remove(entry);
    deadlines.remove(entries[0]!);
    expect(deadlines.size).toBe(1);
    vi.advanceTimersByTime(1499);
    expect(ended).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(ended).toEqual(["last 0"]);
  });

  test("of 0 ms fire in a later turn of the event loop, and closing stops the timer", () => {
    const deadlines = new Deadlines<Timed>();
    add(deadlines, "now", 0);
    expect(ended).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(ended).toEqual(["now 1"]);
    add(deadlines, "never", 10);
    deadlines.close();
    expect(deadlines.values()).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
