/** Records outcomes in the store, and retries for as long as the store refuses them. */
import type { Clock, DispatchObserver, JobStore } from "./types.ts";
import type { Outcome } from "../store/delivery.ts";

export const FIRST_PAUSE_MS = 500;
export const MAX_PAUSE_MS = 30_000;

/** How long a stop waits, after the last attempt has ended, for a store that does not respond. */
export const LAST_WORDS_MS = 2000;
const MAX_BYTES = 32 * 1024 * 1024;

export interface RecorderOptions {
  readonly store: JobStore;
  readonly clock: Clock;
  readonly observer: DispatchObserver | undefined;
  /** Aborts when the process ends. */
  readonly signal: AbortSignal;
}

export class Recorder {
  readonly #options: RecorderOptions;
  #refused = 0;
  /** Approximate memory used by outcomes that are not stored yet. */
  #bytes = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** Whether the store has refused outcomes, or many bytes of outcomes wait for it: no more attempts should start until they are stored. */
  get isStuck(): boolean {
    return this.#refused > 0 || this.#bytes >= MAX_BYTES;
  }

  /** Returns whether the outcome is stored. It is not if the process ends, or if another node owns the lane by now. */
  record(outcome: Outcome): Promise<boolean> {
    return this.#record(() => this.#options.store.record(outcome), bytesOf(outcome));
  }

  /** As `record`, for the outcomes of a batch, in one commit. */
  recordAll(outcomes: readonly Outcome[]): Promise<boolean> {
    const bytes = outcomes.reduce((sum, outcome) => sum + bytesOf(outcome), 0);
    return this.#record(() => this.#options.store.recordAll(outcomes), bytes);
  }

  async #record(write: () => Promise<void>, bytes: number): Promise<boolean> {
    this.#bytes += bytes;
    const offered = await this.#offer(write);
    const recorded = offered === "refused" ? await this.#insist(write) : offered === "recorded";
    this.#bytes -= bytes;
    return recorded;
  }

  async #insist(write: () => Promise<void>): Promise<boolean> {
    this.#refused++;
    const recorded = await this.#offerAgain(write);
    this.#refused--;
    return recorded;
  }

  async #offerAgain(write: () => Promise<void>): Promise<boolean> {
    const { signal } = this.#options;
    for (let pause = FIRST_PAUSE_MS; !signal.aborted; pause = Math.min(2 * pause, MAX_PAUSE_MS)) {
      await this.#sleep(pause);
      const offered = await this.#offer(write);
      if (offered !== "refused") return offered === "recorded";
    }
    return false;
  }

  async #offer(write: () => Promise<void>): Promise<"recorded" | "lost" | "refused"> {
    try {
      await write();
      return "recorded";
    } catch (error) {
      if ((error as { readonly code?: unknown }).code === "shard_lost") return "lost";
      this.#options.observer?.fault?.("record", error);
      return "refused";
    }
  }

  /** Ends early if the process does. */
  #sleep(ms: number): Promise<void> {
    const { clock, signal } = this.#options;
    return new Promise((resolve) => {
      const wakeUp = (): void => {
        cancel();
        signal.removeEventListener("abort", wakeUp);
        resolve();
      };
      const cancel = clock.setTimer(ms, wakeUp);
      signal.addEventListener("abort", wakeUp, { once: true });
    });
  }
}

const OUTCOME_BYTES = 500;

function bytesOf({ attempt }: Outcome): number {
  if (attempt === null) return OUTCOME_BYTES;
  return OUTCOME_BYTES + attempt.response.length + (attempt.detailJson?.length ?? 0);
}
