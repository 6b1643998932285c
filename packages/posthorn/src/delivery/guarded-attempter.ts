/**
 * Stands between the dispatcher and what it works with: makes no attempt for a message that has expired, waits for a database that is
 * away, and knows which keys of attempts were given out and are not on disk yet.
 */
import type { Attempter, AttemptResult, Clock, Job, JobStore, Outcome } from "../dispatch/types.ts";
import { isStoreAway } from "../store/errors.ts";
import { patiently } from "./retry-while-unavailable.ts";

/** Jobs that waited for the database go back to it, since others may have done them meanwhile; a lane looks for them after at most this. */
const BACK_MS = 500;

/** An attempt that was begun: every key it gets is greater than `after`. */
interface Mark {
  readonly after: number;
}

export interface WatchOptions {
  readonly attempter: Attempter;
  /** `whenHere` resolves when the database can be worked with. */
  readonly store: JobStore & { whenHere(): Promise<void>; readonly newestDue: number };
  readonly clock: Clock;
  /** A number from 0 to below 1, as `Math.random`. */
  readonly random: () => number;
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
    this.attempter = { attempt: (job, signal, maySend) => this.#attempt(job, signal, maySend) };
    this.store = {
      due: async (endpointId, now, limit, wish) => patiently(options, () => store.due(endpointId, now, limit, wish)),
      backlog: async () => (await patiently(options, () => store.backlog())).map((lane) => this.#ifImmediate(lane)),
      record: (outcome) => this.#record(outcome),
    };
  }

  /** Every attempt up to this key is on disk, or never will be. */
  get settledUpTo(): number {
    const [first] = this.#open;
    return first === undefined ? this.#options.lastKey() : first.after;
  }

  /** What is due in the future may be a first attempt that nothing delayed, from before the clock was set back: a page shows it. */
  #ifImmediate<Lane extends { readonly due: number }>(lane: Lane): Lane {
    const { store, clock } = this.#options;
    return lane.due > store.newestDue ? lane : { ...lane, due: Math.min(lane.due, clock.now()) };
  }

  async #attempt(job: Job, signal: AbortSignal, maySend: () => boolean): Promise<AttemptResult> {
    const { attempter, clock, random, lastKey } = this.#options;
    const { deliverUntil } = job;
    if (deliverUntil !== null && deliverUntil !== undefined && deliverUntil <= clock.now()) {
      return { kind: "void", reason: "expired" };
    }
    const mark = { after: lastKey() };
    this.#open.add(mark);
    let made: number | null = null;
    try {
      const result = await attempter.attempt(job, signal, maySend);
      if (result.kind === "made") made = result.attempt.id;
      return result;
    } catch (error) {
      if (!isStoreAway(error)) throw error;
      await this.#storeIsBack(signal);
      return { kind: "not_now", pauseMs: random() * BACK_MS };
    } finally {
      if (made === null) this.#open.delete(mark);
      else this.#made.set(made, mark);
    }
  }

  async #storeIsBack(signal: AbortSignal): Promise<void> {
    const { promise: broken, resolve: breakOff } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => breakOff(), { once: true });
    if (!signal.aborted) await Promise.race([this.#options.store.whenHere(), broken]);
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
