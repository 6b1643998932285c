/** What the checks are told of. */
import type { DeliveryRow } from "./audit.ts";
import type { Tenure, TenureEnd } from "./tenure.ts";
import type { OpenAttempt, RecordedAttempt, RequestedAttempt, TrackedDelivery, TrackedEndpoint } from "./tracked.ts";

/** What a check is told. Each method is optional; a check calls `verdict.broken` when its rule does not hold. */
export interface Check {
  /** A row of a delivery was committed. `before`: `null` when it is new. `attempt`: of the outcome that changed it. */
  changed?(delivery: TrackedDelivery, before: DeliveryRow | null, attempt: RecordedAttempt | null): void;
  /** An attempt was committed. */
  recorded?(delivery: TrackedDelivery, attempt: RecordedAttempt): void;
  /** An attempt is about to begin. */
  begun?(delivery: TrackedDelivery, attempt: OpenAttempt): void;
  /** The attempter said what came of it. */
  ended?(delivery: TrackedDelivery, attempt: OpenAttempt): void;
  /** A request is about to leave the process. `null` when no such row was ever committed, and when nobody began an attempt. */
  requested?(endpoint: TrackedEndpoint, messageId: number, made: RequestedAttempt | null): void;
  /** A process has a shard no longer. `open`: deliveries there with attempts under way, which nobody waits for any more. */
  tenureEnded?(tenure: Tenure, how: TenureEnd, open: readonly TrackedDelivery[]): void;
  /** After each event. */
  stepped?(): void;
  /** Once an hour. */
  sampled?(): void;
  /** When everything had the time to come to its end. */
  finished?(): void;
}
