/** Checks the order of deliveries to endpoints with ordered delivery. */
import { REQUESTED_BY, DELIVERY_STATE } from "../../../src/store/schema.ts";
import type { DeliveryRow } from "../audit.ts";
import type { Check } from "../check.ts";
import type { Ledger } from "../ledger.ts";
import type { OpenAttempt, TrackedDelivery } from "../tracked.ts";
import type { Run } from "../run.ts";
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

  begun(delivery: TrackedDelivery, attempt: OpenAttempt): void {
    const { endpoint, row } = delivery;
    const { run } = attempt;
    if (endpoint.deleted || !isQueued(row) || isPassed(row, run)) return;
    const policies = policiesInForce(this.#ledger, endpoint, { run, from: attempt.begunAt });
    if (policies.some(({ order }) => order === null)) return;
    for (const other of this.#ledger.live) {
      if (other.endpoint !== endpoint || other.messageId >= delivery.messageId) continue;
      if (!this.#blocks(other, delivery, attempt)) continue;
      this.#verdict.broken("order", `${delivery.name} overtook message ${other.messageId}`);
    }
  }

  /** A delivery counts as earlier only if it was stored, and had an order, the whole time. */
  #blocks(other: TrackedDelivery, delivery: TrackedDelivery, { run, ownership }: OpenAttempt): boolean {
    const { row, commit, madeAt, firstDue } = other;
    if (row.orderKey !== delivery.row.orderKey || !isQueued(row) || row.generation > 0) return false;
    if (madeAt > delivery.madeAt || isPassed(row, run)) return false;
    // Regardless of which node stored it: deliveries stored after it are found together with it, or later.
    const isAsMade = commit.at === madeAt && commit.run !== run.number;
    if (!isAsMade && !this.#ledger.knowsRow(commit, ownership, this.#time.elapsed)) return false;
    // Delayed by its sender: others do not wait for it before it is due by the clock of the process.
    if (row.attempts > 0 || other.isImmediate) return true;
    return firstDue! <= delivery.firstDue! && !this.#wasPutOff(other, delivery, run) && row.due! <= run.clock.wall;
  }

  /** Whether the other delivery was not due yet when this one was stored, or may not have been because the clock was set afterwards. */
  #wasPutOff(other: TrackedDelivery, { madeAt }: TrackedDelivery, { clock }: Run): boolean {
    return clock.jumpedAt >= madeAt || other.firstDue! > clock.wall - (this.#time.elapsed - madeAt);
  }
}

function isPassed({ passAt }: DeliveryRow, { clock }: Run): boolean {
  return passAt !== null && passAt <= clock.latestWall;
}

/** Whether a delivery takes part in the order. A manual attempt does not: it is made at once. */
function isQueued({ state, due, orderKey, manual }: DeliveryRow): boolean {
  return orderKey !== null && due !== null && state === DELIVERY_STATE.pending && manual !== REQUESTED_BY.resend;
}
