import { describe, expect, it } from "vitest";
import { ConcurrencyWindow } from "./rate-control.ts";

const HOUR = 3_600_000;

/** Records responses of `ms` each while the window is fully used. */
function answers(window: ConcurrencyWindow, count: number, ms: number, from = 0): number {
  let now = from;
  window.limit(64);
  for (let i = 0; i < count; i++) {
    window.succeeded(now, now + ms, true);
    now += ms;
  }
  return now;
}

describe("the concurrency limit of an endpoint", () => {
  it("starts low and doubles up to the limit of the policy", () => {
    const window = new ConcurrencyWindow();
    expect(window.limit(64)).toBe(4);
    answers(window, 60, 10);
    expect(window.limit(64)).toBe(64);
    expect(window.limit(3)).toBe(3);
  });

  it("does not grow while it is not fully used", () => {
    const window = new ConcurrencyWindow();
    for (let i = 0; i < 100; i++) window.succeeded(i, i + 1, false);
    expect(window.limit(64)).toBe(4);
  });

  it("shrinks on a failure, once for all attempts in flight, and never to zero", () => {
    const window = new ConcurrencyWindow();
    const now = answers(window, 60, 10);
    for (let i = 0; i < 20; i++) window.failed(now - 5, now + i);
    expect(window.limit(64)).toBe(44);
    for (let i = 0; i < 60; i++) window.failed(now + 1000 * i, now + 1000 * i + 500);
    expect(window.limit(64)).toBe(1);
  });

  it("grows by one per round of responses after a failure", () => {
    const window = new ConcurrencyWindow();
    const now = answers(window, 60, 10);
    window.failed(now, now + 1);
    answers(window, 44, 10, now + 2);
    expect(window.limit(64)).toBe(45);
  });

  it("shrinks when responses take much longer than usual, but not when they are only moderately slow", () => {
    const slower = new ConcurrencyWindow();
    slower.succeeded(answers(slower, 60, 50), 60 * 50 + 400, true);
    expect(slower.limit(64)).toBe(64);
    const slow = new ConcurrencyWindow();
    slow.succeeded(answers(slow, 60, 50), 60 * 50 + 900, true);
    expect(slow.limit(64)).toBe(44);
  });

  /** Records responses of `ms` each for `forMs`. */
  const answersFor = (window: ConcurrencyWindow, forMs: number, ms: number, from: number): number =>
    answers(window, Math.ceil(forMs / ms), ms, from);

  it("stays low while the endpoint is slow, regardless of how many responses arrive", () => {
    const window = new ConcurrencyWindow();
    const now = answers(window, 60, 50);
    answers(window, 1000, 1000, now);
    expect(window.limit(64)).toBe(1);
  });

  it("falls and stays low when the endpoint slows down gradually", () => {
    const window = new ConcurrencyWindow();
    let now = answers(window, 60, 50);
    let ms = 50;
    while (ms < 3000) {
      now = answers(window, 1, ms, now);
      ms *= 1.01;
    }
    expect(window.limit(64)).toBeLessThan(4);
    answers(window, 300, ms, now);
    expect(window.limit(64)).toBe(1);
  });

  it("stays low while many slow responses arrive at the same time", () => {
    const window = new ConcurrencyWindow();
    const now = answers(window, 60, 50);
    for (let round = 1; round < 60; round++) {
      for (let i = 0; i < 64; i++) window.succeeded(now + (round - 1) * 2000, now + round * 2000, true);
    }
    expect(window.limit(64)).toBe(1);
  });

  it("recovers once the endpoint is fast again", () => {
    const window = new ConcurrencyWindow();
    let now = answers(window, 60, 50);
    now = answers(window, 1000, 1000, now);
    answers(window, 3000, 50, now);
    expect(window.limit(64)).toBe(64);
  });

  it("stays high when the endpoint becomes permanently three times slower, and adapts to the new duration", () => {
    const window = new ConcurrencyWindow();
    let now = answers(window, 60, 300);
    now = answersFor(window, 3 * HOUR, 900, now);
    expect(window.limit(64)).toBe(64);
    now = answers(window, 1, 3400, now);
    expect(window.limit(64)).toBe(64);
    answers(window, 1, 3800, now);
    expect(window.limit(64)).toBe(44);
  });

  it("recovers after hours, and not before, when the endpoint is sixteen times slower for good", () => {
    const window = new ConcurrencyWindow();
    let now = answers(window, 60, 100);
    now = answersFor(window, 1.5 * HOUR, 1600, now);
    expect(window.limit(64)).toBe(1);
    answersFor(window, 4 * HOUR, 1600, now);
    expect(window.limit(64)).toBe(64);
  });

  it("learns no usual duration from failures, fast or slow", () => {
    const refused = new ConcurrencyWindow();
    let now = answers(refused, 60, 700);
    for (let i = 0; i < 500; i++) refused.failed(now, ++now);
    refused.restart(now);
    answers(refused, 200, 700, now);
    expect(refused.limit(64)).toBe(64);
    const hung = new ConcurrencyWindow();
    now = answers(hung, 60, 50);
    for (let i = 0; i < 500; i++) hung.failed(now, (now += 15_000));
    hung.restart(now);
    answers(hung, 100, 1000, now);
    expect(hung.limit(64)).toBe(1);
  });

  it("shrinks at once after a long time at the limit of the policy", () => {
    const window = new ConcurrencyWindow();
    const now = answers(window, 10_000, 10);
    window.failed(now, now + 1);
    expect(window.limit(64)).toBe(44);
  });

  it("does not depend on whether the first response was fast", () => {
    const window = new ConcurrencyWindow();
    const now = answers(window, 1, 20);
    answers(window, 200, 700, now);
    expect(window.limit(64)).toBe(64);
  });

  it("marks the endpoint as slow from one second on, until it is fast again", () => {
    const window = new ConcurrencyWindow();
    let now = answers(window, 5, 100);
    expect(window.isSlow).toBe(false);
    now = answers(window, 5, 5000, now);
    expect(window.isSlow).toBe(true);
    answers(window, 20, 50, now);
    expect(window.isSlow).toBe(false);
  });
});
