/** Tracks attempts whose outcome is not stored yet. Statistics count attempts up to the key below which none is missing. */
import type { AttemptResult } from "../dispatch/types.ts";
import type { Outcome } from "../store/delivery.ts";

/** An attempt that has started: its key is greater than `after`. */
export interface StartedAttempt {
  readonly after: number;
}

export class AttemptTracker {
  readonly #lastKey: () => number;
  /** In the order they started, so the first has the lowest key. */
  readonly #open = new Set<StartedAttempt>();
  /** Attempts that were made, until their outcome is stored, by key. */
  readonly #made = new Map<number, StartedAttempt>();

  /** @param lastKey Returns the last key that was assigned. */
  constructor(lastKey: () => number) {
    this.#lastKey = lastKey;
  }

  /** Every attempt up to this key is stored, or never will be. */
  get settledUpTo(): number {
    const [first] = this.#open;
    return first === undefined ? this.#lastKey() : first.after;
  }

  started(): StartedAttempt {
    const attempt = { after: this.#lastKey() };
    this.#open.add(attempt);
    return attempt;
  }

  /** @param result `null`: the attempt was interrupted. */
  ended(attempt: StartedAttempt, result: AttemptResult | null): void {
    if (result?.kind === "made") this.#made.set(result.attempt.id, attempt);
    else this.#open.delete(attempt);
  }

  /** The outcome is stored, or never will be. */
  settled({ attempt }: Outcome): void {
    if (attempt === null) return;
    const started = this.#made.get(attempt.id);
    if (started === undefined) return;
    this.#made.delete(attempt.id);
    this.#open.delete(started);
  }
}
