import { boundedCache } from "./bounded-cache.ts";

/** What a bucket holds and how fast it is refilled. */
export interface BucketLimit {
  readonly size: number;
  readonly perSecond: number;
}

interface Bucket {
  tokens: number;
  /** When it was last refilled. */
  at: number;
}

/** Token buckets by key. They are full at first. The least recently used ones are removed. */
export class TokenBuckets<Key extends string | number> {
  readonly #buckets;
  readonly #now: () => number;

  constructor(max: number, now: () => number) {
    this.#buckets = boundedCache<Key, Bucket>(max);
    this.#now = now;
  }

  /** Takes a token. Returns the seconds until there is one; 0: it was taken. */
  take(key: Key, limit: BucketLimit): number {
    const bucket = this.#refilled(key, limit);
    if (bucket.tokens < 1) return (1 - bucket.tokens) / limit.perSecond;
    bucket.tokens -= 1;
    return 0;
  }

  /**
   * Takes tokens that another thread has granted. If both have granted the same tokens, the number becomes negative, so that the rate applies
   * to all threads together. At most one bucket size is missing, because tokens in delayed reports have been refilled in the meantime.
   */
  takenElsewhere(key: Key, amount: number, limit: BucketLimit): void {
    const bucket = this.#refilled(key, limit);
    bucket.tokens = Math.max(-limit.size, bucket.tokens - amount);
  }

  #refilled(key: Key, { size, perSecond }: BucketLimit): Bucket {
    const now = this.#now();
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      bucket = { tokens: size, at: now };
      this.#buckets.set(key, bucket);
    }
    // The clock may have been set back.
    const elapsed = Math.max(0, now - bucket.at);
    bucket.tokens = Math.min(size, bucket.tokens + (elapsed / 1000) * perSecond);
    bucket.at = now;
    return bucket;
  }
}
