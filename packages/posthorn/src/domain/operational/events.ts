/** Operational events, and the port through which operations announce them. */
import type { Tx } from "../../store/tx.ts";

/** Every type that is ever sent; the names are those of the HTTP API. */
export const OPERATIONAL_EVENT_TYPES = [
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
  "source.recovered",
  "source.schema_changed",
  "source.inactive",
] as const;
export type OperationalEventType = (typeof OPERATIONAL_EVENT_TYPES)[number];

export interface OperationalEvent {
  readonly orgId: number;
  readonly type: OperationalEventType;
  /** The member `data` of the body. Holds no secret, and no URL, which can be one. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Where verbs say what they did. */
export interface Announcer {
  /** Writes the event in the transaction of the change it reports; nothing if no operational endpoint of the organisation subscribes to its type. */
  announce(tx: Tx, event: OperationalEvent): Promise<void>;
  /** There is, or may be, something that was announced. */
  wake(): void;
}
