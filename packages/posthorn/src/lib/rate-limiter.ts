import { boundedCache } from "./bounded-cache.ts";

interface Bucket {
  tokens: number;
  at: number;
}

/** Token buckets by key. The least recently used keys are forgotten. */
export class RateLimiter {
  readonly #buckets = boundedCache<string, Bucket>(10_000);
  readonly #perMinute: number;
  readonly #size: number;
  readonly #now: () => number;

  /** @param size Of a bucket; as much as is added in a minute if not given. */
  constructor(perMinute: number, now: () => number, size: number = perMinute) {
    this.#perMinute = perMinute;
    this.#size = size;
    this.#now = now;
  }

  /** Takes a token. Returns whether there was one. */
  take(key: string): boolean {
    const now = this.#now();
    const bucket = this.#buckets.get(key) ?? { tokens: this.#size, at: now };
    const elapsed = Math.max(0, now - bucket.at);
    const tokens = Math.min(this.#size, bucket.tokens + (elapsed / 60_000) * this.#perMinute);
    this.#buckets.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now });
    return tokens >= 1;
  }
}
