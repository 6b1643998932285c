/** Counts what becomes of the requests and events of sources in memory, and writes the counts at intervals. */
import type { Services } from "../domain/context.ts";
import { type FunnelHour, type FunnelStep, recordFunnel } from "../domain/funnel/record.ts";
import { HOUR_MS } from "../domain/stats/roll-up.ts";

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

export class FunnelCounter implements AsyncDisposable {
  readonly #options: FunnelCounterOptions;
  /** Counts of the current hour, by source. */
  #tallies = new Map<number, Tally>();
  /** Counts of earlier hours, which a clock change or the end of an hour left. */
  #earlier: Tally[] = [];
  #cancelTimer: (() => void) | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: FunnelCounterOptions) {
    this.#options = options;
  }

  /** Counts one step. A crash loses the counts of the last seconds, but no event. */
  count(sourceKey: number, step: FunnelStep): void {
    const hour = Math.floor(this.#options.now() / HOUR_MS);
    let tally = this.#tallies.get(sourceKey);
    if (tally === undefined || tally.hour !== hour) {
      if (tally !== undefined) this.#earlier.push(tally);
      tally = { sourceKey, hour, stored: 0, routed: 0, duplicates: 0, quarantined: 0 };
      this.#tallies.set(sourceKey, tally);
    }
    tally[step] += 1;
    this.#cancelTimer ??= this.#options.setTimer(FLUSH_MS, () => void this.flush());
  }

  /** Writes the counts. */
  flush(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.flush();
  }

  async #write(): Promise<void> {
    const hours = [...this.#earlier, ...this.#tallies.values()];
    this.#earlier = [];
    this.#tallies = new Map();
    if (hours.length === 0) return;
    try {
      await recordFunnel(this.#options.services(), hours);
    } catch (error) {
      this.#options.onFailure(error);
    }
  }
}
