/** Limit on the requests of one caller. */
import { boundedCache } from "../../lib/bounded-cache.ts";

/** Requests of one caller per minute. Agents that loop would otherwise load the database without end. */
export const MAX_REQUESTS_PER_MINUTE = 600;
const MINUTE_MS = 60_000;

export class RequestLimit {
  readonly #windows = boundedCache<string, { readonly from: number; count: number }>(10_000);
  readonly #now: () => number;

  /** @param now Unix milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Counts a request. Returns the seconds until the next is accepted; 0: this one is. */
  take(caller: string): number {
    const now = this.#now();
    let window = this.#windows.get(caller);
    // A clock that was set back must not lock callers out.
    if (window === undefined || now - window.from >= MINUTE_MS || now < window.from) {
      window = { from: now, count: 0 };
      this.#windows.set(caller, window);
    }
    window.count++;
    if (window.count <= MAX_REQUESTS_PER_MINUTE) return 0;
    return Math.ceil((window.from + MINUTE_MS - now) / 1000);
  }
}
