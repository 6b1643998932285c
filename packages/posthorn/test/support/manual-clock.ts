/**
 * A clock that only a test moves. A timer that is due when it is set fires by itself, like a real one: otherwise, code that sets it just
 * after the test moved the clock would wait forever.
 */
import type { Clock } from "../../src/dispatch/types.ts";

interface Timer {
  at: number;
  readonly callback: () => void;
}

export class ManualClock implements Clock {
  readonly #timers = new Set<Timer>();
  #now: number;

  constructor(now = 1_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  setTimer(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback };
    this.#timers.add(timer);
    if (ms <= 0) setImmediate(() => this.#timers.has(timer) && this.#fire(timer));
    return () => void this.#timers.delete(timer);
  }

  /** Pending timers. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** Sets the clock to another time: timers keep their remaining time. */
  leap(ms: number): void {
    this.#now += ms;
    for (const timer of this.#timers) timer.at += ms;
  }

  /** Moves forward, and calls due timers in the order of their time. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#now = Math.max(this.#now, next.at);
      this.#fire(next);
    }
    this.#now = end;
  }

  #fire(timer: Timer): void {
    this.#timers.delete(timer);
    timer.callback();
  }
}
