/** Columns that a page of due deliveries reads. Shared by both databases. */
import { timeOfKey } from "../lib/id.ts";
import { INLINE_PAYLOAD_BYTES } from "./ordered-page.ts";
import { REQUESTED_BY } from "./schema.ts";
import type { Job, MessageLabels } from "./delivery.ts";

export interface JobRow
  extends Omit<Job, "firstDue" | "resent" | "immediate" | "bytes" | "labels" | "isRedacted" | "spans">, MessageLabels {
  /** `null`: expunged. */
  readonly bytes: number | null;
  readonly deliverAt: number | null;
  readonly resent: number;
  /** `null`: the payload is not redacted. */
  readonly exactBytes: number | null;
}

/** SQL columns of a delivery `d` and its message `m`. `least`: name of the function that returns the lesser of two values. */
export function jobColumns(least: "least" | "min"): string {
  return `${jobColumnsBut(least)},
  CASE WHEN length(m.payload) <= ${INLINE_PAYLOAD_BYTES} AND m.exact_bytes IS NULL THEN m.payload END AS payload`;
}

/** Like `jobColumns`, for callers that read the payload later. */
export function jobColumnsWithoutPayload(least: "least" | "min"): string {
  return `${jobColumnsBut(least)}, NULL AS payload`;
}

function jobColumnsBut(least: "least" | "min"): string {
  return `
  d.message_id AS "messageId", m.public_id AS "publicId", d.endpoint_id AS "endpointId", d.due AS due, d.attempts AS attempts,
  d.generation AS generation, ${least}(d.manual, 1) AS "trigger", d.manual = ${REQUESTED_BY.resend} AS resent, d.order_key AS "orderKey",
  m.content_type AS "contentType", m.ordering_key AS "orderingKey", m.request_json AS "requestJson",
  m.deliver_until AS "deliverUntil", m.deliver_at AS "deliverAt", m.event_type AS "eventType", m.event_id AS "eventId",
  m.channels_json AS "channelsJson", m.tags_json AS "tagsJson", m.trace_context AS "traceContext",
  coalesce(m.exact_bytes, length(m.payload)) AS bytes, m.exact_bytes AS "exactBytes"`;
}

/**
 * Names the properties one by one: an object to which properties are added by condition costs several times as much.
 *
 * @param labels Those of another job, if this one has the same.
 */
export function toJob(row: JobRow, labels: MessageLabels = labelsOf(row)): Job {
  const { messageId, exactBytes } = row;
  return {
    messageId,
    publicId: row.publicId,
    endpointId: row.endpointId,
    due: row.due,
    attempts: row.attempts,
    generation: row.generation,
    trigger: row.trigger,
    contentType: row.contentType,
    orderingKey: row.orderingKey,
    requestJson: row.requestJson,
    payload: row.payload,
    labels,
    bytes: row.bytes ?? 0,
    deliverUntil: row.deliverUntil ?? null,
    firstDue: row.deliverAt ?? timeOfKey(messageId),
    orderKey: row.orderKey ?? null,
    resent: row.resent === 1,
    isRedacted: exactBytes !== null,
    traceContext: row.traceContext ?? null,
  };
}

function labelsOf({ eventType, eventId, channelsJson, tagsJson }: JobRow): MessageLabels {
  return { eventType, eventId, channelsJson, tagsJson };
}
