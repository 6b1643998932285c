/** Limits per source for rate, daily quota and memory, so that a flood on one source does not affect others. */
import { boundedCache } from "../lib/bounded-cache.ts";
import type { Broadcast } from "../lib/broadcast.ts";
import { SharedUsage } from "../lib/shared-usage.ts";

const DAY_MS = 86_400_000;
/** Body bytes in memory of unanswered requests, for one source and for all sources. */
const SOURCE_BYTES = 64 * 1024 * 1024;
const ALL_BYTES = 256 * 1024 * 1024;

/** Counters of one source. They are kept when its settings change. */
interface Counts {
  /** Tokens in the rate limiter's bucket, and when they were last refilled. */
  tokens: number;
  at: number;
  day: number;
  events: number;
  bytes: number;
}

export class InboundLimits {
  readonly #now: () => number;
  readonly #counts = boundedCache<number, Counts>(50_000);
  /** Counters with bytes in memory. They must not be evicted. */
  readonly #busy = new Map<number, Counts>();
  #bytes = 0;
  readonly #requests: SharedUsage<number>;
  readonly #events: SharedUsage<number>;

  /** @param broadcast To the other threads of the process, so that rates and quotas hold for all of them together. */
  constructor(now: () => number, broadcast: Broadcast | null = null) {
    this.#now = now;
    this.#requests = new SharedUsage(broadcast, "source requests", (sourceKey, amount) => {
      const counts = this.#counts.get(sourceKey);
      // Without a request here, the bucket is full, and the first one creates it.
      if (counts !== undefined) counts.tokens -= amount;
    });
    this.#events = new SharedUsage(broadcast, "source events", (sourceKey, amount) => {
      const counts = this.#counts.get(sourceKey);
      if (counts !== undefined && counts.day === this.#today()) counts.events = Math.max(0, counts.events + amount);
    });
  }

  /** Seconds until the next request is allowed. 0: this request is allowed and counted. */
  waitOf(sourceKey: number, rate: number | null): number {
    if (rate === null) return 0;
    const counts = this.#of(sourceKey, rate);
    const now = this.#now();
    counts.tokens = Math.min(rate, counts.tokens + ((now - counts.at) / 1000) * rate);
    counts.at = now;
    if (counts.tokens < 1) return Math.max(1, Math.ceil((1 - counts.tokens) / rate));
    counts.tokens -= 1;
    this.#requests.note(sourceKey);
    return 0;
  }

  /** Whether today's event count has been loaded. */
  knowsDay(sourceKey: number): boolean {
    return this.#of(sourceKey, 0).day === this.#today();
  }

  /** Sets today's event count as loaded from the database. */
  beginDay(sourceKey: number, events: number): void {
    const counts = this.#of(sourceKey, 0);
    // A concurrent request may have loaded the count already, and events may have been counted since.
    if (counts.day === this.#today()) return;
    counts.day = this.#today();
    counts.events = events;
  }

  /** Counts an event if it is within the quota. Returns whether it is. */
  takeEvent(sourceKey: number, quota: number): boolean {
    const counts = this.#of(sourceKey, 0);
    if (counts.day !== this.#today()) {
      counts.day = this.#today();
      counts.events = 0;
    }
    if (counts.events >= quota) return false;
    counts.events += 1;
    this.#events.note(sourceKey);
    return true;
  }

  /** Takes back an event that turned out to be a repetition. */
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
    const counts = this.#busy.get(sourceKey) ?? this.#of(sourceKey, 0);
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

  #of(sourceKey: number, tokens: number): Counts {
    let counts = this.#counts.get(sourceKey);
    if (counts === undefined) {
      counts = this.#busy.get(sourceKey) ?? { tokens, at: this.#now(), day: -1, events: 0, bytes: 0 };
      this.#counts.set(sourceKey, counts);
    }
    return counts;
  }

  #today(): number {
    return Math.floor(this.#now() / DAY_MS);
  }
}
