/** Counts duplicates in memory and writes the counts once a second, so that a duplicate costs no transaction. */
import type { Services } from "../domain/context.ts";
import { recordDuplicates, type Repetition } from "../domain/duplicate/record.ts";
import { DelayedWrites } from "../lib/delayed-writes.ts";

export interface DuplicateCounterOptions {
  readonly services: () => Services;
  /** Calls back after `ms` milliseconds. The returned function cancels. */
  readonly setTimer: (ms: number, callback: () => void) => () => void;
  readonly onFailure: (error: unknown) => void;
}

type Tally = { -readonly [Name in keyof Repetition]: Repetition[Name] };

/** Time from the first duplicate to the write. */
const FLUSH_MS = 1000;
/** Messages counted individually in one write. Duplicates of further messages count only for their source. */
const MAX_MESSAGES = 500;

export class DuplicateCounter implements AsyncDisposable {
  readonly #options: DuplicateCounterOptions;
  #tallies = new Map<string, Tally>();
  #total = 0;
  readonly #writes: DelayedWrites;

  constructor(options: DuplicateCounterOptions) {
    this.#options = options;
    const { setTimer, onFailure } = options;
    this.#writes = new DelayedWrites({ delayMs: FLUSH_MS, setTimer, onFailure, write: () => this.#write() });
  }

  /** Duplicates since the process started. */
  get total(): number {
    return this.#total;
  }

  /** Counts one duplicate. A crash loses the counts of the last second. */
  count({ sourceKey, of, at }: Pick<Repetition, "sourceKey" | "of"> & { readonly at: number }): void {
    this.#total += 1;
    const kept = this.#tallies.size < MAX_MESSAGES ? of : null;
    const exact = this.#tallies.get(nameOf(sourceKey, of));
    const tally = exact ??
      this.#tallies.get(nameOf(sourceKey, kept)) ?? { sourceKey, of: kept, repeats: 0, lastAt: at };
    tally.repeats += 1;
    tally.lastAt = Math.max(tally.lastAt, at);
    this.#tallies.set(nameOf(sourceKey, tally.of), tally);
    this.#writes.later();
  }

  /** Writes the counts. */
  flush(): Promise<void> {
    return this.#writes.now();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#writes[Symbol.asyncDispose]();
  }

  async #write(): Promise<void> {
    const tallies = [...this.#tallies.values()];
    this.#tallies = new Map();
    if (tallies.length > 0) await recordDuplicates(this.#options.services(), tallies);
  }
}

function nameOf(sourceKey: number, of: Repetition["of"]): string {
  if (of === null) return `${sourceKey}`;
  return "messageId" in of ? `${sourceKey} ${of.messageId}` : `${sourceKey} event ${of.eventId}`;
}
