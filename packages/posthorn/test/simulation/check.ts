/** Interface of the checks, and the events that they receive. */
import type { EgressRequest } from "@posthorn/egress";
import type { DeliveryRow } from "./audit.ts";
import type { Ownership, OwnershipEnd } from "./ownership.ts";
import type { OpenAttempt, RecordedAttempt, RequestedAttempt, TrackedDelivery, TrackedEndpoint } from "./tracked.ts";

/** The signed parts of a request. */
export type SignedRequest = Pick<EgressRequest, "headers" | "body">;

/** Each method is optional. A check calls `verdict.broken` when its rule is violated. */
export interface Check {
  /** A row of a delivery was committed. `before`: `null` when it is new. `attempt`: of the outcome that changed it. */
  changed?(delivery: TrackedDelivery, before: DeliveryRow | null, attempt: RecordedAttempt | null): void;
  /** An attempt was committed. */
  recorded?(delivery: TrackedDelivery, attempt: RecordedAttempt): void;
  /** An attempt is about to start. */
  begun?(delivery: TrackedDelivery, attempt: OpenAttempt): void;
  /** The attempter returned a result. */
  ended?(delivery: TrackedDelivery, attempt: OpenAttempt): void;
  /** A request is about to be sent. `null`: no such row was ever committed, or no attempt was started. */
  requested?(endpoint: TrackedEndpoint, messageId: number, made: RequestedAttempt | null, request: SignedRequest): void;
  /** A process has lost a shard. `open`: deliveries there with attempts in flight, whose outcomes no longer count. */
  ownershipEnded?(ownership: Ownership, how: OwnershipEnd, open: readonly TrackedDelivery[]): void;
  /** After each event. */
  stepped?(): void;
  /** Once an hour. */
  sampled?(): void;
  /** At the end, when every delivery has had time to finish. */
  finished?(): void;
}
