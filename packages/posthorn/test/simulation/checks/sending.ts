/** What may leave the process, and when. */
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

  /** What changes while an attempt is being made may come too late for it, so it counts what was known when it began. */
  begun(delivery: TrackedDelivery, { run, tenure, job }: OpenAttempt): void {
    const { row, commit, name } = delivery;
    const { latestWall } = run.clock;
    if (row.due === null) {
      if (!this.#ledger.knowsRow(commit, tenure, this.#time.elapsed)) return;
      const rule = row.state === SUCCEEDED ? "never_doubled" : "only_what_is_due";
      this.#verdict.broken(rule, `${name} is attempted, though it is at its end (state ${row.state})`);
      return;
    }
    // Asked for again by a node whose clock is ahead, it is due as it was before.
    const due = job.generation === row.generation ? row.due : job.due;
    if (due > latestWall && !delivery.isImmediate) {
      const early = due - latestWall;
      this.#verdict.broken("only_what_is_due", `${name} is attempted ${early} ms before its time`);
    }
  }

  requested(endpoint: TrackedEndpoint, messageId: number, made: RequestedAttempt | null): void {
    if (made === null) {
      this.#verdict.broken("accepted_is_stored", `message ${messageId} went to ${endpoint.host} and was never owed`);
      return;
    }
    const { delivery, attempt } = made;
    if (attempt.requested) {
      this.#verdict.broken("never_doubled", `${delivery.name}: two requests for one attempt`);
    }
    const { tenure } = attempt;
    if (this.#ledger.tenureOf(endpoint.id) !== tenure) {
      this.#verdict.broken("one_owner", `${delivery.name} was sent by a process that had lost its lane`);
    }
    const knows = this.#ledger.knowsSettings(endpoint.commit, attempt.run, attempt.begunAt);
    if (attempt.job.trigger === 0 && messageId <= endpoint.discardUpTo && knows) {
      this.#verdict.broken("only_what_is_due", `${delivery.name} was sent, though somebody had given it up`);
    }
    const isOff = endpoint.disabled || endpoint.deleted;
    if (isOff && knows) {
      this.#verdict.broken("held_is_left_alone", `${delivery.name} was sent, though the endpoint is off`);
    }
  }
}
