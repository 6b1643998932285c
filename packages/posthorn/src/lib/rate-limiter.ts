import { boundedCache } from "./bounded-cache.ts";
import type { Broadcast } from "./broadcast.ts";
import { SharedUsage } from "./shared-usage.ts";

interface Bucket {
  tokens: number;
  at: number;
}

/** Creates the rate limiters of a node, whose limits hold for all threads of the process together. */
export class RateLimits {
  readonly #now: () => number;
  /** To the other threads; `null`: there are none. */
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

/** Token buckets by key. The least recently used keys are forgotten. */
export class RateLimiter {
  readonly #buckets = boundedCache<string, Bucket>(10_000);
  readonly #perMinute: number;
  readonly #size: number;
  readonly #now: () => number;
  /** Called with the key of each token that was taken. */
  onTaken: (key: string) => void = () => undefined;

  /** @param size Of a bucket; as much as is added in a minute if not given. */
  constructor(perMinute: number, now: () => number, size: number = perMinute) {
    this.#perMinute = perMinute;
    this.#size = size;
    this.#now = now;
  }

  /** Takes a token. Returns whether there was one. */
  take(key: string): boolean {
    const tokens = this.#tokens(key);
    if (tokens < 1) return false;
    this.#buckets.set(key, { tokens: tokens - 1, at: this.#now() });
    this.onTaken(key);
    return true;
  }

  /** Takes tokens that another thread has granted. */
  takenElsewhere(key: string, amount: number): void {
    this.#buckets.set(key, { tokens: Math.max(0, this.#tokens(key) - amount), at: this.#now() });
  }

  #tokens(key: string): number {
    const now = this.#now();
    const bucket = this.#buckets.get(key) ?? { tokens: this.#size, at: now };
    const elapsed = Math.max(0, now - bucket.at);
    return Math.min(this.#size, bucket.tokens + (elapsed / 60_000) * this.#perMinute);
  }
}
