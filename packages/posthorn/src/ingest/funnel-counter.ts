/** Counts the results of requests and events of sources in memory, and writes the counts at intervals. */
import type { Services } from "../domain/context.ts";
import { FUNNEL_STEPS, type FunnelHour, type FunnelStep, recordFunnel } from "../domain/funnel/record.ts";
import { HOUR_MS } from "../domain/stats/roll-up.ts";
import { DelayedWrites } from "../lib/delayed-writes.ts";

export interface FunnelCounterOptions {
  readonly services: () => Services;
  readonly now: () => number;
  /** Calls back after `ms` milliseconds. The returned function cancels. */
  readonly setTimer: (ms: number, callback: () => void) => () => void;
  readonly onFailure: (error: unknown) => void;
}

type Tally = { -readonly [Name in keyof FunnelHour]: FunnelHour[Name] };

/** Time from the first count to the write. */
const FLUSH_MS = 5000;
/** Hours of sources that wait while the database does not respond. Counts of others are lost. */
const MAX_TALLIES = 50_000;

export class FunnelCounter implements AsyncDisposable {
  readonly #options: FunnelCounterOptions;
  /** Counts by source and hour. */
  #tallies = new Map<string, Tally>();
  readonly #writes: DelayedWrites;

  constructor(options: FunnelCounterOptions) {
    this.#options = options;
    const { setTimer, onFailure } = options;
    this.#writes = new DelayedWrites({ delayMs: FLUSH_MS, setTimer, onFailure, write: () => this.#write() });
  }

  /** Counts one step. A crash loses the counts of the last seconds, but no event. */
  count(sourceKey: number, step: FunnelStep): void {
    const tally = this.#tallyOf(sourceKey, Math.floor(this.#options.now() / HOUR_MS));
    if (tally === null) return;
    tally[step] += 1;
    this.#writes.later();
  }

  /** Writes the counts. */
  flush(): Promise<void> {
    return this.#writes.now();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#writes[Symbol.asyncDispose]();
  }

  #tallyOf(sourceKey: number, hour: number): Tally | null {
    const key = `${sourceKey}/${hour}`;
    const known = this.#tallies.get(key);
    if (known !== undefined) return known;
    if (this.#tallies.size >= MAX_TALLIES) return null;
    const tally = { sourceKey, hour, stored: 0, routed: 0, duplicates: 0, quarantined: 0 };
    this.#tallies.set(key, tally);
    return tally;
  }

  async #write(): Promise<void> {
    const waiting = new Set<FunnelHour>(this.#tallies.values());
    this.#tallies = new Map();
    if (waiting.size === 0) return;
    try {
      await recordFunnel(this.#options.services(), [...waiting], (written) => {
        for (const hour of written) waiting.delete(hour);
      });
    } catch (error) {
      for (const hour of waiting) this.#addBack(hour);
      throw error;
    }
  }

  /** The next write tries again. */
  #addBack(hour: FunnelHour): void {
    const tally = this.#tallyOf(hour.sourceKey, hour.hour);
    if (tally === null) return;
    for (const step of FUNNEL_STEPS) tally[step] += hour[step];
    this.#writes.later();
  }
}
