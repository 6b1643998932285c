/** Counts events for the state of sources that are not read. Writes the counts together at intervals. */
import type { Services } from "../domain/context.ts";
import { countReceived } from "../domain/source/run.ts";

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
  #cancelTimer: (() => void) | null = null;
  #flushing: Promise<void> = Promise.resolve();

  constructor(options: ReceivedCounterOptions) {
    this.#options = options;
  }

  count(sourceKey: number, at: number): void {
    const events = (this.#counts.get(sourceKey)?.events ?? 0) + 1;
    this.#counts.set(sourceKey, { events, at });
    this.#cancelTimer ??= this.#options.setTimer(FLUSH_MS, () => void this.flush());
  }

  /** Writes the counts. A crash before loses them, but no event. */
  flush(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#flushing = this.#flushing.then(() => this.#write());
    return this.#flushing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
  }

  async #write(): Promise<void> {
    const counts = this.#counts;
    this.#counts = new Map();
    try {
      if (counts.size > 0) await countReceived(this.#options.services().store, counts);
    } catch (error) {
      this.#options.onFailure(error);
    }
  }
}
