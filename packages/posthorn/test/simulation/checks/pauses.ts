/** Whether an endpoint that somebody has paused is left alone. */
import type { Check } from "../check.ts";
import type { Ledger } from "../ledger.ts";
import type { OpenAttempt, TrackedDelivery } from "../tracked.ts";
import type { Verdict } from "../verdict.ts";
import type { VirtualTime } from "../virtual-time.ts";

export class PausesCheck implements Check {
  readonly #ledger: Ledger;
  readonly #time: VirtualTime;
  readonly #verdict: Verdict;

  constructor({ ledger, time, verdict }: { ledger: Ledger; time: VirtualTime; verdict: Verdict }) {
    this.#ledger = ledger;
    this.#time = time;
    this.#verdict = verdict;
  }

  begun({ endpoint, name }: TrackedDelivery, { run }: OpenAttempt): void {
    // What is owed to one that is gone is looked at, paused or not, and canceled. That no request is made is seen elsewhere.
    if (endpoint.deleted) return;
    const left = endpoint.pausedUntil - run.clock.latestWall;
    if (left <= 0 || !this.#ledger.knowsSettings(endpoint.commit, run, this.#time.elapsed)) return;
    this.#verdict.broken("held_is_left_alone", `${name} is attempted ${left} ms before the end of its pause`);
  }
}
