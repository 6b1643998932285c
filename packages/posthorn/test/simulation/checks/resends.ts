/** Checks that resends and recoveries are attempted. */
import { REQUESTED_BY, DELIVERY_STATE } from "../../../src/store/schema.ts";
import type { DeliveryRow } from "../audit.ts";
import type { Check } from "../check.ts";
import type { TrackedDelivery } from "../tracked.ts";
import type { Verdict } from "../verdict.ts";

export class ResendCheck implements Check {
  readonly #verdict: Verdict;

  constructor({ verdict }: { verdict: Verdict }) {
    this.#verdict = verdict;
  }

  changed(delivery: TrackedDelivery, before: DeliveryRow | null): void {
    const { row, requests, name } = delivery;
    if (isAlive(row) && row.generation > (before?.generation ?? -1)) {
      delivery.requestsAtResend = requests;
      return;
    }
    if (before === null || !isAlive(before) || isAlive(row)) return;
    const canceled = row.state === DELIVERY_STATE.canceled || row.generation > before.generation;
    const needless = before.manual === REQUESTED_BY.recovery && row.state === DELIVERY_STATE.succeeded;
    if (canceled || needless || delivery.isVoid || requests > delivery.requestsAtResend) return;
    this.#verdict.broken("resend_is_made", `${name} was resent, but the resend ended without a request`);
  }
}

/** A manual attempt was requested and not made yet. */
function isAlive({ manual, due }: DeliveryRow): boolean {
  return manual !== REQUESTED_BY.schedule && due !== null;
}
