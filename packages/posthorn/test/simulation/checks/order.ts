/** Whether messages go out in their order where an endpoint asks for it. */
import { ASKED, DELIVERY_STATE } from "../../../src/store/schema.ts";
import type { DeliveryRow } from "../audit.ts";
import type { Check, Ledger, OpenAttempt, TrackedDelivery } from "../ledger.ts";
import { policiesInForce } from "../policies.ts";
import type { Verdict } from "../verdict.ts";
import type { VirtualTime } from "../virtual-time.ts";

export class OrderCheck implements Check {
  readonly #ledger: Ledger;
  readonly #time: VirtualTime;
  readonly #verdict: Verdict;

  constructor({ ledger, time, verdict }: { ledger: Ledger; time: VirtualTime; verdict: Verdict }) {
    this.#ledger = ledger;
    this.#time = time;
    this.#verdict = verdict;
  }

  begun(delivery: TrackedDelivery, { run }: OpenAttempt): void {
    const { endpoint, row } = delivery;
    if (endpoint.deleted || !standsInLine(row) || this.#isPassed(row)) return;
    const policies = policiesInForce(endpoint, run.settings, this.#time.elapsed);
    if (policies.some(({ order }) => order === null)) return;
    for (const other of this.#ledger.live) {
      if (other.endpoint !== endpoint || other.messageId >= delivery.messageId || !this.#blocks(other, delivery))
        continue;
      this.#verdict.broken("order", `${delivery.name} overtook message ${other.messageId}`);
    }
  }

  /** Only of what was there, and in line, all the time can it be said that it was before the other one. */
  #blocks(other: TrackedDelivery, delivery: TrackedDelivery): boolean {
    const { row, commit, madeAt, firstDue } = other;
    if (row.orderKey !== delivery.row.orderKey || !standsInLine(row) || row.generation > 0) return false;
    if (madeAt > delivery.madeAt || this.#isPassed(row) || !this.#ledger.isKnown(commit, this.#time.elapsed))
      return false;
    // Put off by whoever sent it: others do not wait for it before its time.
    if (row.attempts === 0 && firstDue! > delivery.firstDue!) return false;
    return row.attempts > 0 || row.due! <= this.#time.wall;
  }

  #isPassed({ passAt }: DeliveryRow): boolean {
    return passAt !== null && passAt <= this.#time.latestWall;
  }
}

/** What somebody sends by hand goes at once. */
function standsInLine({ state, due, orderKey, manual }: DeliveryRow): boolean {
  return orderKey !== null && due !== null && state === DELIVERY_STATE.pending && manual !== ASKED.byResend;
}
