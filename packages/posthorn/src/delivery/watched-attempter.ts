/**
 * Stands between the dispatcher and what it works with: makes no attempt for a message that has expired, and knows which keys of
 * attempts were given out and are not on disk yet.
 */
import type { Attempter, AttemptResult, Job, JobStore, Outcome } from "../dispatch/types.ts";

/** An attempt that was begun: every key it gets is greater than `after`. */
interface Mark {
  readonly after: number;
}

export interface WatchOptions {
  readonly attempter: Attempter;
  readonly store: JobStore;
  readonly now: () => number;
  /** The last key that was given out. */
  readonly lastKey: () => number;
}

export class Watch {
  readonly attempter: Attempter;
  readonly store: JobStore;
  readonly #options: WatchOptions;
  /** In the order they began, so the first has the least key. */
  readonly #open = new Set<Mark>();
  /** Of attempts that were made, until their outcome is on disk. */
  readonly #made = new Map<number, Mark>();

  constructor(options: WatchOptions) {
    this.#options = options;
    const { store } = options;
    this.attempter = { attempt: (job, signal) => this.#attempt(job, signal) };
    this.store = {
      due: (endpointId, now, limit, wish) => store.due(endpointId, now, limit, wish),
      backlog: () => store.backlog(),
      record: (outcome) => this.#record(outcome),
    };
  }

  /** Every attempt up to this key is on disk, or never will be. */
  get settledUpTo(): number {
    const [first] = this.#open;
    return first === undefined ? this.#options.lastKey() : first.after;
  }

  async #attempt(job: Job, signal: AbortSignal): Promise<AttemptResult> {
    const { attempter, now, lastKey } = this.#options;
    const { deliverUntil } = job;
    if (deliverUntil !== null && deliverUntil !== undefined && deliverUntil <= now()) {
      return { kind: "void", reason: "expired" };
    }
    const mark = { after: lastKey() };
    this.#open.add(mark);
    let made: number | null = null;
    try {
      const result = await attempter.attempt(job, signal);
      if (result.kind === "made") made = result.attempt.id;
      return result;
    } finally {
      if (made === null) this.#open.delete(mark);
      else this.#made.set(made, mark);
    }
  }

  async #record(outcome: Outcome): Promise<void> {
    try {
      await this.#options.store.record(outcome);
    } catch (error) {
      // It will never be there: the attempt is made again elsewhere, under another key.
      if ((error as { readonly code?: unknown }).code === "shard_lost") this.#settle(outcome);
      throw error;
    }
    this.#settle(outcome);
  }

  #settle(outcome: Outcome): void {
    if (outcome.attempt === null) return;
    const mark = this.#made.get(outcome.attempt.id);
    if (mark === undefined) return;
    this.#made.delete(outcome.attempt.id);
    this.#open.delete(mark);
  }
}
