/** What one source may ask for, so that a flood on it leaves the others alone. */
import { LRUCache } from "lru-cache";

const DAY_MS = 86_400_000;
/** Bytes of bodies in memory, of one source and of all, that were not answered yet. */
const SOURCE_BYTES = 64 * 1024 * 1024;
const ALL_BYTES = 256 * 1024 * 1024;

/** Counts of one source. They outlive a change of its settings. */
interface Counts {
  /** Requests that may come at once, and when that was reckoned. */
  tokens: number;
  at: number;
  day: number;
  events: number;
  bytes: number;
}

export class InboundLimits {
  readonly #now: () => number;
  readonly #counts = new LRUCache<number, Counts>({ max: 50_000 });
  /** Counts with bytes in memory: these must not be forgotten. */
  readonly #busy = new Map<number, Counts>();
  #bytes = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Seconds to wait until the source may be asked again; 0: now, and this request is counted. */
  waitOf(sourceKey: number, rate: number | null): number {
    if (rate === null) return 0;
    const counts = this.#of(sourceKey, rate);
    const now = this.#now();
    counts.tokens = Math.min(rate, counts.tokens + ((now - counts.at) / 1000) * rate);
    counts.at = now;
    if (counts.tokens < 1) return Math.max(1, Math.ceil((1 - counts.tokens) / rate));
    counts.tokens -= 1;
    return 0;
  }

  /** Whether the quota of the day is known yet. */
  knowsDay(sourceKey: number): boolean {
    return this.#of(sourceKey, 0).day === this.#today();
  }

  /** What was taken in today already, from the database. */
  beginDay(sourceKey: number, events: number): void {
    const counts = this.#of(sourceKey, 0);
    // Somebody else may have asked at the same time, and events have come since.
    if (counts.day === this.#today()) return;
    counts.day = this.#today();
    counts.events = events;
  }

  /** Whether one more event is within the quota; counts it when it is. */
  takeEvent(sourceKey: number, quota: number): boolean {
    const counts = this.#of(sourceKey, 0);
    if (counts.day !== this.#today()) {
      counts.day = this.#today();
      counts.events = 0;
    }
    if (counts.events >= quota) return false;
    counts.events += 1;
    return true;
  }

  /** Seconds until the next day begins. */
  untilTomorrow(): number {
    return Math.ceil(((this.#today() + 1) * DAY_MS - this.#now()) / 1000);
  }

  /** The first millisecond of today in UTC. */
  startOfDay(): number {
    return this.#today() * DAY_MS;
  }

  /** Whether so many more bytes of a source fit into memory; counts them when they do. */
  takeBytes(sourceKey: number, bytes: number): boolean {
    const counts = this.#busy.get(sourceKey) ?? this.#of(sourceKey, 0);
    if (counts.bytes + bytes > SOURCE_BYTES || this.#bytes + bytes > ALL_BYTES) return false;
    counts.bytes += bytes;
    this.#bytes += bytes;
    this.#busy.set(sourceKey, counts);
    return true;
  }

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
