/** Checks that a paused endpoint receives nothing. */
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
    // Deliveries of a deleted endpoint are canceled, paused or not. Another check verifies that no request is made.
    if (endpoint.deleted) return;
    const left = endpoint.pausedUntil - run.clock.latestWall;
    if (left <= 0 || !this.#ledger.knowsSettings(endpoint.commit, run, this.#time.elapsed)) return;
    this.#verdict.broken("held_gets_nothing", `${name} is attempted ${left} ms before the end of its pause`);
  }
}
