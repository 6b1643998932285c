/** Checks which requests a process may send, and when. */
import type { Check } from "../check.ts";
import type { Ledger } from "../ledger.ts";
import type { OpenAttempt, RequestedAttempt, TrackedDelivery, TrackedEndpoint } from "../tracked.ts";
import type { VirtualTime } from "../virtual-time.ts";
import type { Verdict } from "../verdict.ts";

const SUCCEEDED = 1;

export class SendingCheck implements Check {
  readonly #ledger: Ledger;
  readonly #time: VirtualTime;
  readonly #verdict: Verdict;

  constructor({ ledger, time, verdict }: { ledger: Ledger; time: VirtualTime; verdict: Verdict }) {
    this.#ledger = ledger;
    this.#time = time;
    this.#verdict = verdict;
  }

  /** A change during an attempt may come too late for it, so the state at its start counts. */
  begun(delivery: TrackedDelivery, { run, ownership, job }: OpenAttempt): void {
    const { row, commit, name } = delivery;
    const { latestWall } = run.clock;
    if (row.due === null) {
      if (!this.#ledger.knowsRow(commit, ownership, this.#time.elapsed)) return;
      const rule = row.state === SUCCEEDED ? "never_doubled" : "only_what_is_due";
      this.#verdict.broken(rule, `${name} is attempted, although it is finished (state ${row.state})`);
      return;
    }
    // Resent by a node whose clock is ahead, which does not make it less due.
    const due = job.generation === row.generation ? row.due : job.due;
    if (due > latestWall && !delivery.isImmediate) {
      const early = due - latestWall;
      this.#verdict.broken("only_what_is_due", `${name} is attempted ${early} ms before its time`);
    }
  }

  requested(endpoint: TrackedEndpoint, messageId: number, made: RequestedAttempt | null): void {
    if (made === null) {
      this.#verdict.broken(
        "accepted_is_stored",
        `message ${messageId} was sent to ${endpoint.host} without a delivery`,
      );
      return;
    }
    const { delivery, attempt } = made;
    if (attempt.requested) {
      this.#verdict.broken("never_doubled", `${delivery.name}: two requests for one attempt`);
    }
    const { ownership } = attempt;
    if (this.#ledger.ownershipOf(endpoint.id) !== ownership) {
      this.#verdict.broken("one_owner", `${delivery.name} was sent by a process that had lost its lane`);
    }
    const knows = this.#ledger.knowsSettings(endpoint.commit, attempt.run, attempt.begunAt);
    if (attempt.job.trigger === 0 && messageId <= endpoint.discardUpTo && knows) {
      this.#verdict.broken("only_what_is_due", `${delivery.name} was sent, although it had been discarded`);
    }
    const isOff = endpoint.disabled || endpoint.deleted;
    if (isOff && knows) {
      this.#verdict.broken("held_gets_nothing", `${delivery.name} was sent, although the endpoint is disabled`);
    }
  }
}
