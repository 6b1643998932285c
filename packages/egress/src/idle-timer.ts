import type { LinkedList } from "./collections.ts";

/** Shortest delay of the timer, so that many connections with different ends do not make it run all the time. */
const MIN_DELAY_MS = 100;

/**
 * Closes connections that were idle for too long, with one timer for all of them. They are closed up to 100 ms late;
 * the pool checks the time before it uses one. The timer does not keep the process running.
 */
export class IdleTimer<C extends { readonly idleUntil: number }> {
  readonly #idle: LinkedList<C>;
  readonly #now: () => number;
  readonly #close: (connection: C) => void;
  #timer: NodeJS.Timeout | null = null;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(idle: LinkedList<C>, now: () => number, close: (connection: C) => void) {
    this.#idle = idle;
    this.#now = now;
    this.#close = close;
  }

  /** Makes sure that the timer fires soon after this time. */
  expect(at: number): void {
    if (at >= this.#timerAt || at === Number.POSITIVE_INFINITY) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerAt = at;
    const delay = Math.max(MIN_DELAY_MS, Math.ceil(at - this.#now()));
    this.#timer = setTimeout(() => this.#fire(), delay);
    this.#timer.unref();
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerAt = Number.NEGATIVE_INFINITY;
  }

  #fire(): void {
    this.#timer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = this.#now();
    let next = Number.POSITIVE_INFINITY;
    for (const connection of this.#idle.values()) {
      if (connection.idleUntil <= now) this.#close(connection);
      else next = Math.min(next, connection.idleUntil);
    }
    this.expect(next);
  }
}
