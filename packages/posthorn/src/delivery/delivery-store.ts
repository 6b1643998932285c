/** The store for the dispatcher: reads wait while the database is unavailable, instead of failing or polling. */
import type { AttemptResult, Clock, JobStore } from "../dispatch/types.ts";
import type { BatchStore, EndpointBacklog, JobPage, Outcome, PageSelection } from "../store/delivery.ts";
import { isStoreUnavailable } from "../store/errors.ts";

export interface DeliveryStoreOptions {
  /** `whenAvailable` resolves when the database is available. */
  readonly store: JobStore & { whenAvailable(): Promise<void>; readonly newestDue: number };
  readonly clock: Clock;
  /** Returns a number from 0 to below 1, like `Math.random`. */
  readonly random: () => number;
  readonly tracker: AttemptTracker;
}

/** First pause after a read that failed although the database is available. It doubles up to the maximum; jitter takes off up to half. */
const PAUSE_MS = 100;
const MAX_PAUSE_MS = 2000;

export class DeliveryStore implements JobStore {
  readonly #options: DeliveryStoreOptions;

  constructor(options: DeliveryStoreOptions) {
    this.#options = options;
  }

  /** Repeats a read until the database is available. Rejects with any other error of the read, or when the store is closed. */
  read<T>(read: () => T | Promise<T>): T | Promise<T> {
    const found = read();
    return found instanceof Promise ? found.catch((error: unknown) => this.#readAgain(read, error)) : found;
  }

  async due(endpointId: number, now: number, limit: number, selection?: PageSelection): Promise<JobPage> {
    return this.read(() => this.#options.store.due(endpointId, now, limit, selection));
  }

  /**
   * Deliveries due in the future may be first attempts that nothing delayed, stored before the clock was set back. They
   * count as due now: loading a page distinguishes them.
   */
  async backlog(): Promise<readonly EndpointBacklog[]> {
    const { store, clock } = this.#options;
    const lanes = await this.read(() => store.backlog());
    return lanes.map((lane) => (lane.due > store.newestDue ? lane : { ...lane, due: Math.min(lane.due, clock.now()) }));
  }

  /** Not async: the frame would be kept until the commit, for each of the outcomes that wait for it. */
  record(outcome: Outcome): Promise<void> {
    const { store, tracker } = this.#options;
    return store.record(outcome).then(
      () => tracker.settled(outcome),
      (error: unknown) => {
        // It will never be stored: another node makes the attempt again, under another key.
        if ((error as { readonly code?: unknown }).code === "shard_lost") tracker.settled(outcome);
        throw error;
      },
    );
  }

  async recordAll(outcomes: readonly Outcome[]): Promise<void> {
    const { store, tracker } = this.#options;
    try {
      await store.recordAll(outcomes);
    } catch (error) {
      if ((error as { readonly code?: unknown }).code === "shard_lost")
        for (const outcome of outcomes) tracker.settled(outcome);
      throw error;
    }
    for (const outcome of outcomes) tracker.settled(outcome);
  }

  readonly batches: BatchStore = {
    list: async (endpointId) => this.read(() => this.#options.store.batches.list(endpointId)),
    members: async (...asked) => this.read(() => this.#options.store.batches.members(...asked)),
    keep: (...kept) => this.#options.store.batches.keep(...kept),
  };

  async #readAgain<T>(read: () => T | Promise<T>, first: unknown): Promise<T> {
    const { store, clock, random } = this.#options;
    let failure = first;
    for (let pauseMs = PAUSE_MS; isStoreUnavailable(failure); pauseMs = Math.min(MAX_PAUSE_MS, 2 * pauseMs)) {
      await new Promise<void>((resolve) => void clock.setTimer(pauseMs * (1 - random() / 2), resolve));
      await store.whenAvailable();
      try {
        return await read();
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }
}

/** Attempts that have started together: their keys are greater than `after`. */
export interface StartedAttempts {
  readonly after: number;
  /** How many of them are neither stored nor abandoned. */
  unsettled: number;
}

/** Tracks attempts whose outcome is not stored yet. Statistics count attempts up to the key below which none is missing. */
export class AttemptTracker {
  readonly #lastKey: () => number;
  /** In the order they started, so the first has the lowest key. */
  readonly #open = new Set<StartedAttempts>();
  /** Attempts that were made, until their outcome is stored, by key. */
  readonly #made = new Map<number, StartedAttempts>();

  /** @param lastKey Returns the last key that was assigned. */
  constructor(lastKey: () => number) {
    this.#lastKey = lastKey;
  }

  /** Every attempt up to this key is stored, or never will be. */
  get settledUpTo(): number {
    const [first] = this.#open;
    return first === undefined ? this.#lastKey() : first.after;
  }

  /** @param count How many attempts start now, at least one. Each of them must end. */
  started(count = 1): StartedAttempts {
    const attempts = { after: this.#lastKey(), unsettled: count };
    this.#open.add(attempts);
    return attempts;
  }

  /**
   * One of the attempts has ended.
   * @param result `null`: the attempt was interrupted.
   */
  ended(attempts: StartedAttempts, result: AttemptResult | null): void {
    if (result?.kind === "made") this.#made.set(result.attempt.id, attempts);
    else this.#settle(attempts);
  }

  /** The outcome is stored, or never will be. */
  settled({ attempt }: Outcome): void {
    if (attempt === null) return;
    const attempts = this.#made.get(attempt.id);
    if (attempts === undefined) return;
    this.#made.delete(attempt.id);
    this.#settle(attempts);
  }

  #settle(attempts: StartedAttempts): void {
    attempts.unsettled--;
    if (attempts.unsettled === 0) this.#open.delete(attempts);
  }
}
