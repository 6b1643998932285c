/**
 * Wraps the attempter and the store of the dispatcher: skips expired messages, waits while the database is unavailable, and tracks the
 * keys of attempts whose outcome is not stored yet.
 */
import type { Attempter, AttemptResult, Clock, JobStore } from "../dispatch/types.ts";
import type { Job, Outcome } from "../store/delivery.ts";
import { isStoreAway } from "../store/errors.ts";
import { retryWhileUnavailable } from "./retry-while-unavailable.ts";

/** Jobs that waited for the database return to it, since another node may have done them. The lane loads them again within this time. */
const RETURN_MS = 500;

/** An attempt that has started: its key is greater than `after`. */
interface Mark {
  readonly after: number;
}

export interface GuardedAttempterOptions {
  readonly attempter: Attempter;
  /** `whenHere` resolves when the database is available. */
  readonly store: JobStore & { whenHere(): Promise<void>; readonly newestDue: number };
  readonly clock: Clock;
  /** Returns a number from 0 to below 1, like `Math.random`. */
  readonly random: () => number;
  /** The last key that was assigned. */
  readonly lastKey: () => number;
}

export class GuardedAttempter {
  readonly attempter: Attempter;
  readonly store: JobStore;
  readonly #options: GuardedAttempterOptions;
  /** In the order they started, so the first has the lowest key. */
  readonly #open = new Set<Mark>();
  /** For attempts that were made, until their outcome is stored. */
  readonly #made = new Map<number, Mark>();

  constructor(options: GuardedAttempterOptions) {
    this.#options = options;
    const { store } = options;
    this.attempter = { attempt: (job, signal, maySend) => this.#attempt(job, signal, maySend) };
    this.store = {
      due: async (endpointId, now, limit, selection) =>
        retryWhileUnavailable(options, () => store.due(endpointId, now, limit, selection)),
      backlog: async () =>
        (await retryWhileUnavailable(options, () => store.backlog())).map((lane) => this.#ifImmediate(lane)),
      record: (outcome) => this.#record(outcome),
    };
  }

  /** Every attempt up to this key is stored, or never will be. */
  get settledUpTo(): number {
    const [first] = this.#open;
    return first === undefined ? this.#options.lastKey() : first.after;
  }

  /**
   * Deliveries due in the future may be first attempts that nothing delayed, stored before the clock was set back. Loading a page tells
   * them apart.
   */
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
      return { kind: "not_now", pauseMs: random() * RETURN_MS };
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
      // It will never be stored: another node makes the attempt again, under another key.
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
