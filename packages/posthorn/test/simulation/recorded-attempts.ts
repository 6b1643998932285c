/** Wraps the attempter of a process and records in the ledger when each attempt starts, which request it sends, and its result. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Attempter, AttemptResult } from "../../src/dispatch/types.ts";
import type { SignedRequest } from "./check.ts";
import type { Ledger } from "./ledger.ts";
import type { NetworkWatcher } from "./network.ts";
import type { Run } from "./run.ts";
import type { OpenAttempt } from "./tracked.ts";

export class RecordedAttempts implements NetworkWatcher {
  readonly #ledger: Ledger;
  readonly #run: Run;
  /**
   * The attempt that the current code runs for, however many steps later. A process that loses a shard and gets it back can have two attempts
   * of one delivery in flight, whose requests look alike.
   */
  readonly #made = new AsyncLocalStorage<OpenAttempt | null>();

  constructor(ledger: Ledger, run: Run) {
    this.#ledger = ledger;
    this.#run = run;
  }

  /** @param changed Changes the result that the dispatcher receives. */
  around(attempter: Attempter, changed: (result: AttemptResult) => AttemptResult = (result) => result): Attempter {
    return {
      attempt: async (job, signal, maySend) => {
        const open = this.#ledger.begun(this.#run, job);
        try {
          const result = await this.#made.run(open, () => attempter.attempt(job, signal, maySend));
          if (open !== null) this.#ledger.ended(open, result);
          return changed(result);
        } catch (error) {
          if (open !== null) this.#ledger.ended(open, { kind: "not_now", pauseMs: 0 });
          throw error;
        }
      },
    };
  }

  requested(host: string, messageId: number, request: SignedRequest): () => void {
    return this.#ledger.requested(host, messageId, this.#made.getStore() ?? null, request);
  }
}
