/** Checks when failed attempts are retried. */
import type { DeliveryRow } from "../audit.ts";
import type { Check } from "../check.ts";
import type { RecordedAttempt, TrackedDelivery } from "../tracked.ts";
import type { Ledger } from "../ledger.ts";
import { policiesInForce } from "../policies.ts";
import type { Verdict } from "../verdict.ts";

const PENDING = 0;
const FAILED = 2;
/** Response code that ends the retries. */
const GONE = 410;

export class RetryCheck implements Check {
  readonly #ledger: Ledger;
  readonly #verdict: Verdict;

  constructor({ ledger, verdict }: { ledger: Ledger; verdict: Verdict }) {
    this.#ledger = ledger;
    this.#verdict = verdict;
  }

  changed(delivery: TrackedDelivery, before: DeliveryRow | null, attempt: RecordedAttempt | null): void {
    const { row, name, endpoint } = delivery;
    const made = attempt?.made ?? null;
    if (before?.state === PENDING && row.state === FAILED && made === null) {
      this.#verdict.broken("retry_policy", `${name} failed for good without an attempt`);
    }
    if (attempt === null || made?.result?.kind !== "made" || attempt.trigger !== 0 || attempt.status === 0) return;
    // Resent in the meantime: the scheduled retry now waits behind the manual attempt.
    if (before?.generation !== made.job.generation) return;
    const { responseCode } = made.result.attempt;
    const requestedMs = made.result.retryAfterMs ?? 0;
    const wanted = policiesInForce(this.#ledger, endpoint, { run: made.run, from: made.begunAt }).flatMap(
      ({ delay, order }) => {
        const next = responseCode === GONE ? null : delay(row.attempts);
        // Parked, so that later deliveries continue.
        const parks = row.orderKey !== null && order?.onFailure === "park";
        return parks ? [null] : [next];
      },
    );
    // The endpoint was deleted: the delivery is loaded once more and canceled.
    if (endpoint.deleted && row.state === PENDING) return;
    const gap = row.due === null ? null : row.due - made.endedAt;
    const holds = wanted.some((range) => {
      if (range === null || gap === null) return range === null && gap === null && row.state === FAILED;
      const [least, most] = range;
      return row.state === PENDING && gap >= Math.max(least, requestedMs) && gap <= Math.max(most, requestedMs);
    });
    if (holds) return;
    const text = wanted.map((range) => (range === null ? "none" : range.join(" to "))).join(", or ");
    const got = gap === null ? "none" : `one after ${gap} ms`;
    this.#verdict.broken("retry_policy", `${name}, attempt ${row.attempts}: ${got} instead of ${text}`);
  }
}
