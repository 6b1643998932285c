/** The clock of a test: it stands still until the test moves it. */
import { setImmediate } from "node:timers";
import type { Clock } from "../dispatch/types.ts";

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** Timers of one part of the node. */
class Timers implements Clock {
  readonly now: () => number;
  readonly #timers = new Set<Timer>();

  constructor(now: () => number) {
    this.now = now;
  }

  readonly setTimer = (ms: number, callback: () => void): (() => void) => {
    const timer = { at: this.now() + Math.max(0, ms), callback };
    this.#timers.add(timer);
    // A timer that is due already fires by itself, as a real one does.
    if (ms <= 0) setImmediate(() => this.#timers.has(timer) && this.#fire(timer));
    return () => void this.#timers.delete(timer);
  };

  /** When the next timer is due; `null`: there is none. */
  get next(): number | null {
    let next: number | null = null;
    for (const { at } of this.#timers) if (next === null || at < next) next = at;
    return next;
  }

  /** Calls the timers that are due, in the order of their times. */
  fireDue(): void {
    const due = [...this.#timers].filter(({ at }) => at <= this.now()).sort((one, other) => one.at - other.at);
    for (const timer of due) if (this.#timers.has(timer)) this.#fire(timer);
  }

  #fire(timer: Timer): void {
    this.#timers.delete(timer);
    timer.callback();
  }
}

/** Number of steps of one move of the clock for background jobs, which run once in each. */
const STEPS = 60;

/**
 * Deliveries see each point in time at which one of their timers is due. Background jobs have timers every second, so they see only some:
 * a day would take them ten seconds.
 */
export class VirtualClock {
  /** Clock of deliveries. */
  readonly exact: Clock;
  /** Clock of background jobs. */
  readonly background: Clock;
  readonly #exact: Timers;
  readonly #background: Timers;
  readonly #onMove: (now: number) => void;
  #now: number;

  /** @param onMove Called each time the clock moves. */
  constructor(now: number, onMove: (now: number) => void) {
    this.#now = now;
    this.#onMove = onMove;
    this.exact = this.#exact = new Timers(this.now);
    this.background = this.#background = new Timers(this.now);
  }

  readonly now = (): number => this.#now;

  /** When the next timer of a delivery is due; `null`: there is none. */
  get next(): number | null {
    return this.#exact.next;
  }

  /** Moves to a time in steps. @param settled Awaited after each step. */
  async moveTo(end: number, settled: () => Promise<void>): Promise<void> {
    const stepMs = Math.max(1, (end - this.#now) / STEPS);
    let stepEnd = this.#now + stepMs;
    while (this.#now < end) {
      const at = Math.min(end, Math.ceil(stepEnd), this.#exact.next ?? end);
      this.#stopAt(Math.max(at, this.#now));
      if (this.#now >= stepEnd || this.#now === end) {
        stepEnd = this.#now + stepMs;
        this.#background.fireDue();
      }
      await settled();
    }
    this.#exact.fireDue();
    await settled();
  }

  #stopAt(at: number): void {
    if (at > this.#now) {
      this.#now = at;
      this.#onMove(at);
    }
    this.#exact.fireDue();
  }
}
