/** Counts events for the state of sources that are not read. Writes the counts together at intervals. */
import type { Services } from "../domain/context.ts";
import { countReceived } from "../domain/source/run.ts";
import { DelayedWrites } from "../lib/delayed-writes.ts";

export interface ReceivedCounterOptions {
  readonly services: () => Services;
  readonly setTimer: (ms: number, callback: () => void) => () => void;
  readonly onFailure: (error: unknown) => void;
}

const FLUSH_MS = 5000;

interface Received {
  readonly events: number;
  readonly at: number;
}

export class ReceivedCounter implements AsyncDisposable {
  readonly #options: ReceivedCounterOptions;
  #counts = new Map<number, Received>();
  readonly #writes: DelayedWrites;

  constructor(options: ReceivedCounterOptions) {
    this.#options = options;
    const { setTimer, onFailure } = options;
    this.#writes = new DelayedWrites({ delayMs: FLUSH_MS, setTimer, onFailure, write: () => this.#write() });
  }

  count(sourceKey: number, at: number): void {
    const events = (this.#counts.get(sourceKey)?.events ?? 0) + 1;
    this.#counts.set(sourceKey, { events, at });
    this.#writes.later();
  }

  /** Writes the counts. A crash before that loses counts, but no events. */
  flush(): Promise<void> {
    return this.#writes.now();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#writes[Symbol.asyncDispose]();
  }

  async #write(): Promise<void> {
    const counts = this.#counts;
    this.#counts = new Map();
    if (counts.size > 0) await countReceived(this.#options.services().store, counts);
  }
}
