import { describe, expect, it } from "vitest";
import { AdaptiveWindow } from "./adaptive.ts";

/** Answers of `ms` each, of a window that is used to the full. */
function answers(window: AdaptiveWindow, count: number, ms: number, from = 0): number {
  let now = from;
  for (let i = 0; i < count; i++) {
    window.succeeded(now, now + ms, true);
    now += ms;
  }
  return now;
}

describe("attempts in flight", () => {
  it("begin with a few and double up to what the policy allows", () => {
    const window = new AdaptiveWindow();
    expect(window.limit(64)).toBe(4);
    answers(window, 60, 10);
    expect(window.limit(64)).toBe(64);
    expect(window.limit(3)).toBe(3);
  });

  it("do not grow while they are not used to the full", () => {
    const window = new AdaptiveWindow();
    for (let i = 0; i < 100; i++) window.succeeded(i, i + 1, false);
    expect(window.limit(64)).toBe(4);
  });

  it("become fewer with trouble, once for all that was in flight, and never none", () => {
    const window = new AdaptiveWindow();
    const now = answers(window, 60, 10);
    for (let i = 0; i < 20; i++) window.failed(now - 5, now + i);
    expect(window.limit(64)).toBe(44);
    for (let i = 0; i < 60; i++) window.failed(now + 1000 * i, now + 1000 * i + 500);
    expect(window.limit(64)).toBe(1);
  });

  it("grow by one for each round after trouble", () => {
    const window = new AdaptiveWindow();
    const now = answers(window, 60, 10);
    window.failed(now, now + 1);
    answers(window, 44, 10, now + 2);
    expect(window.limit(64)).toBe(45);
  });

  it("become fewer when answers take much longer than usual, and not when they are merely not quick", () => {
    const slower = new AdaptiveWindow();
    slower.succeeded(answers(slower, 60, 50), 60 * 50 + 400, true);
    expect(slower.limit(64)).toBe(64);
    const slow = new AdaptiveWindow();
    slow.succeeded(answers(slow, 60, 50), 60 * 50 + 900, true);
    expect(slow.limit(64)).toBe(44);
  });

  it("count as slow from a second on, and no more once they are quick again", () => {
    const window = new AdaptiveWindow();
    let now = answers(window, 5, 100);
    expect(window.slow).toBe(false);
    now = answers(window, 5, 5000, now);
    expect(window.slow).toBe(true);
    answers(window, 20, 50, now);
    expect(window.slow).toBe(false);
  });
});
