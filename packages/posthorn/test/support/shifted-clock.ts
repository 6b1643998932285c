/** The machine's clock, which a test can set forward. For tests of whole nodes, which keep working between two readings. */
import type { Clock } from "../../src/dispatch/types.ts";

interface Timer {
  readonly at: number;
  readonly callback: () => void;
  readonly handle: NodeJS.Timeout;
}

export class ShiftedClock implements Clock {
  readonly #timers = new Set<Timer>();
  #shift: number;

  /** @param start The current time, Unix milliseconds; by default that of the machine. */
  constructor(start: number = Date.now()) {
    this.#shift = start - Date.now();
    this.now = this.now.bind(this);
    this.setTimer = this.setTimer.bind(this);
  }

  now(): number {
    return Date.now() + this.#shift;
  }

  setTimer(ms: number, callback: () => void): () => void {
    const handle = setTimeout(() => this.#fire(timer), ms);
    const timer: Timer = { at: this.now() + ms, callback, handle };
    this.#timers.add(timer);
    return () => {
      clearTimeout(handle);
      this.#timers.delete(timer);
    };
  }

  /** Sets the clock to a time, forward or back. */
  set(time: number): void {
    this.advance(time - this.now());
  }

  /** Calls timers that become due by it, in order. */
  advance(ms: number): void {
    this.#shift += ms;
    const due = [...this.#timers].filter(({ at }) => at <= this.now()).sort((one, other) => one.at - other.at);
    for (const timer of due) this.#fire(timer);
  }

  #fire(timer: Timer): void {
    clearTimeout(timer.handle);
    if (this.#timers.delete(timer)) timer.callback();
  }
}
