import type { Broadcast } from "./broadcast.ts";
import { SharedUsage } from "./shared-usage.ts";
import { type BucketLimit, TokenBuckets } from "./token-buckets.ts";

/** Creates the rate limiters of a node, whose limits hold for all threads of the process together. */
export class RateLimits {
  readonly #now: () => number;
  /** Reaches the other threads; `null` if there are none. */
  readonly broadcast: Broadcast | null;

  constructor(now: () => number, broadcast: Broadcast | null = null) {
    this.#now = now;
    this.broadcast = broadcast;
  }

  /**
   * @param name Different for each limiter.
   * @param size See `RateLimiter`.
   */
  limiter(name: string, perMinute: number, size: number = perMinute): RateLimiter {
    const limiter = new RateLimiter(perMinute, this.#now, size);
    const usage = new SharedUsage<string>(this.broadcast, name, (key, amount) => limiter.takenElsewhere(key, amount));
    limiter.onTaken = (key) => usage.note(key);
    return limiter;
  }
}

/** Limits how often something may happen for each key. */
export class RateLimiter {
  readonly #buckets: TokenBuckets<string>;
  readonly #limit: BucketLimit;
  /** Called with the key of each token that was taken. */
  onTaken: (key: string) => void = () => undefined;

  /** @param size Of a bucket; as much as is added in a minute if not given. */
  constructor(perMinute: number, now: () => number, size: number = perMinute) {
    this.#buckets = new TokenBuckets(10_000, now);
    this.#limit = { size, perSecond: perMinute / 60 };
  }

  /** Takes a token. Returns whether there was one. */
  take(key: string): boolean {
    if (this.#buckets.take(key, this.#limit) > 0) return false;
    this.onTaken(key);
    return true;
  }

  /** Takes tokens that another thread has granted. */
  takenElsewhere(key: string, amount: number): void {
    this.#buckets.takenElsewhere(key, amount, this.#limit);
  }
}
