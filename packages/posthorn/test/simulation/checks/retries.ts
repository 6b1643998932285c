/** When a failed attempt is made again. */
import type { DeliveryRow } from "../audit.ts";
import type { Check, RecordedAttempt, TrackedDelivery } from "../ledger.ts";
import type { Verdict } from "../verdict.ts";

const PENDING = 0;
const FAILED = 2;
/** The answer that ends the retries. */
const GONE = 410;
/** Part of a delay that chance may add. */
const JITTER = 0.2;

export class RetryCheck implements Check {
  readonly #verdict: Verdict;

  constructor({ verdict }: { verdict: Verdict }) {
    this.#verdict = verdict;
  }

  changed(delivery: TrackedDelivery, before: DeliveryRow | null, attempt: RecordedAttempt | null): void {
    const { row, name } = delivery;
    const made = attempt?.made ?? null;
    if (before?.state === PENDING && row.state === FAILED && made === null) {
      this.#verdict.broken("retry_policy", `${name} was given up without an attempt`);
    }
    if (attempt === null || made === null || attempt.trigger !== 0 || attempt.status === 0) return;
    // Asked for again meanwhile: what the schedule says now waits behind the attempt by hand.
    if (before?.generation !== made.job.generation) return;
    const { result } = made;
    if (result?.kind !== "made") return;
    const stops = result.attempt.responseCode === GONE;
    const delay = stops ? undefined : made.run.settings.retrySchedule[row.attempts - 1];
    if (delay === undefined) {
      if (row.state !== FAILED) this.#verdict.broken("retry_policy", `${name} goes on after its last attempt`);
    } else if (row.state !== PENDING || row.due === null) {
      this.#verdict.broken("retry_policy", `${name} was given up after attempt ${row.attempts}`);
    } else {
      const gap = row.due - made.endedAt;
      const asked = result.retryAfterMs ?? 0;
      if (gap >= Math.max(delay, asked) && gap <= Math.max(delay * (1 + JITTER) + 1, asked)) return;
      const wanted = `${Math.max(delay, asked)}`;
      this.#verdict.broken(
        "retry_policy",
        `${name}: ${gap} ms until attempt ${row.attempts + 1} in place of ${wanted}`,
      );
    }
  }
}
