import { type Selectable, sql } from "kysely";
import { timeOfKey } from "../../lib/id.ts";
import type { MessageTable } from "../../store/schema.ts";

/** A published message. Times are Unix milliseconds. */
export interface Message {
  readonly key: number;
  readonly id: string;
  readonly eventId: string | null;
  readonly eventType: string;
  readonly channels: readonly string[] | null;
  readonly tags: readonly string[] | null;
  readonly contentType: string;
  /** The exact bytes; `null` if they are expunged, expired or not requested. */
  readonly payload: Uint8Array | null;
  readonly timestamp: number;
  readonly deliverAt: number | null;
  readonly orderingKey: string | null;
  /** Time after which the message is no longer delivered; `null`: no limit. */
  readonly deliverUntil: number | null;
  /** See `lib/trace-context.ts`; absent: it was not read. */
  readonly traceContext?: string | null;
  /** When its content was erased; absent or `null`: it was not. */
  readonly erasedAt?: number | null;
}

export type MessageRow = Pick<
  Selectable<MessageTable>,
  | "id"
  | "public_id"
  | "event_id"
  | "event_type"
  | "channels_json"
  | "tags_json"
  | "content_type"
  | "deliver_at"
  | "ordering_key"
  | "deliver_until"
  | "trace_context"
  | "payload"
> & { readonly erased_at?: number | null };

export function toMessage(row: MessageRow): Message {
  return {
    key: row.id,
    id: row.public_id,
    eventId: row.event_id,
    eventType: row.event_type,
    channels: row.channels_json === null ? null : (JSON.parse(row.channels_json) as string[]),
    tags: row.tags_json === null ? null : (JSON.parse(row.tags_json) as string[]),
    contentType: row.content_type,
    payload: row.payload,
    timestamp: timeOfKey(row.id),
    deliverAt: row.deliver_at,
    orderingKey: row.ordering_key,
    deliverUntil: row.deliver_until,
    traceContext: row.trace_context,
    erasedAt: row.erased_at ?? null,
  };
}

const ERASED_AT = sql<number | null>`(SELECT e.erased_at FROM message_erasure e WHERE e.message_id = message.id)`;

/** Columns of a message for a query, with the payload only if it is requested. */
export function messageColumns(withContent: boolean) {
  return [
    "message.id",
    "message.public_id",
    "message.event_id",
    "message.event_type",
    "message.channels_json",
    "message.tags_json",
    "message.content_type",
    "message.deliver_at",
    "message.ordering_key",
    "message.deliver_until",
    "message.trace_context",
    ERASED_AT.as("erased_at"),
    withContent
      ? sql.ref<Uint8Array | null>("message.payload").as("payload")
      : sql<Uint8Array | null>`NULL`.as("payload"),
  ] as const;
}
