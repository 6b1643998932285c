/** Checks the state changes of deliveries and their attempt counters. */
import type { DeliveryRow } from "../audit.ts";
import type { Check } from "../check.ts";
import type { RecordedAttempt, TrackedDelivery } from "../tracked.ts";
import type { Verdict } from "../verdict.ts";

const SUCCEEDED = 1;

export class CountingCheck implements Check {
  readonly #verdict: Verdict;

  constructor({ verdict }: { verdict: Verdict }) {
    this.#verdict = verdict;
  }

  recorded(delivery: TrackedDelivery, { made, trigger }: RecordedAttempt): void {
    if (made !== null && made.job.trigger !== trigger) {
      this.#verdict.broken("waiting_is_free", `${delivery.name}: a manual and a scheduled attempt were mixed up`);
    }
  }

  changed(delivery: TrackedDelivery, before: DeliveryRow | null, attempt: RecordedAttempt | null): void {
    const { row, scheduledRows, name } = delivery;
    if (row.attempts !== scheduledRows) {
      const text = `${name}: ${row.attempts} attempts counted, ${scheduledRows} scheduled attempts made`;
      this.#verdict.broken("waiting_is_free", text);
    }
    if (attempt?.status === 0 && row.state !== SUCCEEDED) {
      this.#verdict.broken("success_is_final", `${name} succeeded and is in state ${row.state}`);
    }
    if (before === null) return;
    if (before.state === SUCCEEDED && row.state !== SUCCEEDED) {
      this.#verdict.broken("success_is_final", `${name} had succeeded and is now in state ${row.state}`);
    }
    if (row.generation < before.generation || row.attempts < before.attempts) {
      this.#verdict.broken("success_is_final", `${name}: generation or attempts decreased`);
    }
  }
}
