/** Limit on the requests of one caller, for all threads of the process together. */
import { boundedCache } from "../../lib/bounded-cache.ts";
import type { Broadcast } from "../../lib/broadcast.ts";
import { SharedUsage } from "../../lib/shared-usage.ts";

/** Requests of one caller per minute. Agents that loop would otherwise load the database without end. */
export const MAX_REQUESTS_PER_MINUTE = 600;
const MINUTE_MS = 60_000;

export class RequestLimit {
  readonly #windows = boundedCache<string, { readonly from: number; count: number }>(10_000);
  readonly #now: () => number;
  readonly #usage: SharedUsage<string>;

  /** @param now Unix milliseconds. */
  constructor(now: () => number, broadcast: Broadcast | null = null) {
    this.#now = now;
    this.#usage = new SharedUsage(broadcast, "mcp requests", (caller, amount) => {
      this.#window(caller).count += amount;
    });
  }

  /** Counts a request. Returns the seconds until the next is accepted; 0: this one is. */
  take(caller: string): number {
    const window = this.#window(caller);
    window.count++;
    if (window.count <= MAX_REQUESTS_PER_MINUTE) {
      this.#usage.note(caller);
      return 0;
    }
    return Math.ceil((window.from + MINUTE_MS - this.#now()) / 1000);
  }

  #window(caller: string): { readonly from: number; count: number } {
    const now = this.#now();
    let window = this.#windows.get(caller);
    // A clock that was set back must not lock callers out.
    if (window === undefined || now - window.from >= MINUTE_MS || now < window.from) {
      window = { from: now, count: 0 };
      this.#windows.set(caller, window);
    }
    return window;
  }
}
