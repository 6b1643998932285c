/** Limits per source for rate, daily quota and memory, so that a flood on one source does not affect others. */
import { boundedCache } from "../lib/bounded-cache.ts";
import type { Broadcast } from "../lib/broadcast.ts";
import { SharedUsage } from "../lib/shared-usage.ts";
import { type BucketLimit, TokenBuckets } from "../lib/token-buckets.ts";

const DAY_MS = 86_400_000;
/** Sources whose counters are in memory. */
const MAX_SOURCES = 50_000;
/** Body bytes in memory of unanswered requests, for one source and for all sources. */
const SOURCE_BYTES = 64 * 1024 * 1024;
const ALL_BYTES = 256 * 1024 * 1024;

/** Counters of one source. They are kept when its settings change. */
interface Counts {
  day: number;
  events: number;
  bytes: number;
}

export class InboundLimits {
  readonly #now: () => number;
  readonly #counts = boundedCache<number, Counts>(MAX_SOURCES);
  readonly #buckets: TokenBuckets<number>;
  /** Counters with bytes in memory. They must not be evicted. */
  readonly #busy = new Map<number, Counts>();
  #bytes = 0;
  /** By source and rate, because another thread may not have loaded the source yet. */
  readonly #requests: SharedUsage<`${number} ${number}`>;
  readonly #events: SharedUsage<number>;

  /** @param broadcast Reaches the other threads of the process, so that rates and quotas apply to all of them together. */
  constructor(now: () => number, broadcast: Broadcast | null = null) {
    this.#now = now;
    this.#buckets = new TokenBuckets(MAX_SOURCES, now);
    this.#requests = new SharedUsage(broadcast, "source requests", (sourceAndRate, amount) => {
      const [sourceKey, rate] = sourceAndRate.split(" ").map(Number) as [number, number];
      this.#buckets.takenElsewhere(sourceKey, amount, limitOf(rate));
    });
    this.#events = new SharedUsage(broadcast, "source events", (sourceKey, amount) => {
      const counts = this.#counts.get(sourceKey);
      if (counts !== undefined && counts.day === this.#today()) counts.events = Math.max(0, counts.events + amount);
    });
  }

  /** Seconds until the next request is allowed. 0: this request is allowed and counted. */
  waitOf(sourceKey: number, rate: number | null): number {
    if (rate === null) return 0;
    const seconds = this.#buckets.take(sourceKey, limitOf(rate));
    if (seconds > 0) return Math.ceil(seconds);
    this.#requests.note(`${sourceKey} ${rate}`);
    return 0;
  }

  /** Whether today's event count has been loaded. */
  knowsDay(sourceKey: number): boolean {
    return this.#of(sourceKey).day === this.#today();
  }

  /** Sets today's event count as loaded from the database. */
  beginDay(sourceKey: number, events: number): void {
    const counts = this.#of(sourceKey);
    // A concurrent request may have loaded the count already, and events may have been counted since.
    if (counts.day === this.#today()) return;
    counts.day = this.#today();
    counts.events = events;
  }

  /** Counts an event if it is within the quota. Returns whether it is. */
  takeEvent(sourceKey: number, quota: number): boolean {
    const counts = this.#of(sourceKey);
    if (counts.day !== this.#today()) {
      counts.day = this.#today();
      counts.events = 0;
    }
    if (counts.events >= quota) return false;
    counts.events += 1;
    this.#events.note(sourceKey);
    return true;
  }

  /** Uncounts an event that turned out to be a repetition. */
  giveEvent(sourceKey: number): void {
    const counts = this.#counts.get(sourceKey);
    if (counts === undefined || counts.day !== this.#today()) return;
    counts.events = Math.max(0, counts.events - 1);
    this.#events.note(sourceKey, -1);
  }

  /** Seconds until the next day begins. */
  untilTomorrow(): number {
    return Math.ceil(((this.#today() + 1) * DAY_MS - this.#now()) / 1000);
  }

  /** The first millisecond of today in UTC. */
  startOfDay(): number {
    return this.#today() * DAY_MS;
  }

  /** Reserves memory for a source. Returns whether it is available. */
  takeBytes(sourceKey: number, bytes: number): boolean {
    const counts = this.#busy.get(sourceKey) ?? this.#of(sourceKey);
    if (counts.bytes + bytes > SOURCE_BYTES || this.#bytes + bytes > ALL_BYTES) return false;
    counts.bytes += bytes;
    this.#bytes += bytes;
    this.#busy.set(sourceKey, counts);
    return true;
  }

  /** Releases reserved memory. */
  giveBytes(sourceKey: number, bytes: number): void {
    const counts = this.#busy.get(sourceKey);
    if (counts === undefined) return;
    counts.bytes -= bytes;
    this.#bytes -= bytes;
    if (counts.bytes <= 0) this.#busy.delete(sourceKey);
  }

  #of(sourceKey: number): Counts {
    let counts = this.#counts.get(sourceKey);
    if (counts === undefined) {
      counts = this.#busy.get(sourceKey) ?? { day: -1, events: 0, bytes: 0 };
      this.#counts.set(sourceKey, counts);
    }
    return counts;
  }

  #today(): number {
    return Math.floor(this.#now() / DAY_MS);
  }
}

/** Allows a burst of one second's requests, then as many as the rate allows. */
function limitOf(rate: number): BucketLimit {
  return { size: rate, perSecond: rate };
}
