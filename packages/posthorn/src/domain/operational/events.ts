/** Operational events, and the port through which operations announce them. */
import type { Tx } from "../../store/tx.ts";

/** All event types. The names are part of the HTTP API. */
export const OPERATIONAL_EVENT_TYPES = [
  "alert.digest",
  "alert.resolved",
  "alert.triggered",
  "audit.recorded",
  "background_task.finished",
  "endpoint.created",
  "endpoint.deleted",
  "endpoint.disabled",
  "endpoint.enabled",
  "endpoint.updated",
  "endpoint.warning",
  "message.attempt.exhausted",
  "message.attempt.failing",
  "message.attempt.recovered",
  "source.backfilled",
  "source.reading.failing",
  "source.reading.recovered",
  "source.recovered",
  "source.schema_changed",
  "source.inactive",
] as const;
export type OperationalEventType = (typeof OPERATIONAL_EVENT_TYPES)[number];

/**
 * Types that are sent only to endpoints that subscribe to them by name. There is an `audit.recorded` for every change and every view of a
 * payload, and alerts are only for the endpoints of their rule.
 */
export const NAMED_ONLY: ReadonlySet<string> = new Set<OperationalEventType>([
  "alert.digest",
  "alert.resolved",
  "alert.triggered",
  "audit.recorded",
]);

export interface OperationalEvent {
  readonly orgId: number;
  readonly type: OperationalEventType;
  /** Member `data` of the body. Must not contain secrets, nor URLs, which can contain secrets. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Keys of the operational endpoints that receive it, regardless of their event types; absent: those that subscribe to its type. */
  readonly targets?: readonly number[];
}

/** Port for announcing operational events. */
export interface Announcer {
  /** Stores the event in the transaction of the change, unless no operational endpoint of the organisation subscribes to its type. */
  announce(tx: Tx, event: OperationalEvent): Promise<void>;
  /** Starts publishing, because there may be new events. */
  wake(): void;
}
