import type { DatabaseSync } from "node:sqlite";
import type { DueDelivery, DuePage } from "../../store.ts";

/** Payloads above this many bytes are not paged in with their delivery but fetched when it is sent. */
const INLINE_PAYLOAD_BYTES = 16_384;

/** Pages in the deliveries of one endpoint that are due, longest waiting first, along the partial index of live rows. */
export function prepareDue(db: DatabaseSync): (endpointId: number, now: number, limit: number) => DuePage {
  const page = db.prepare(`
    SELECT d.message_id AS messageId, m.public_id AS publicId, d.endpoint_id AS endpointId, d.due AS due,
           d.attempts AS attempts, d.generation AS generation, min(d.manual, 1) AS "trigger", m.content_type AS contentType,
           m.ordering_key AS orderingKey, m.request_json AS requestJson, m.deliver_until AS deliverUntil,
           CASE WHEN length(m.payload) <= ${INLINE_PAYLOAD_BYTES} THEN m.payload END AS payload
    FROM delivery d INDEXED BY delivery_due
    JOIN message m ON m.id = d.message_id
    WHERE d.endpoint_id = ? AND d.due IS NOT NULL AND d.due <= ?
    ORDER BY d.due, d.message_id
    LIMIT ?`);
  const next = db.prepare(`
    SELECT min(due) AS due FROM delivery INDEXED BY delivery_due
    WHERE endpoint_id = ? AND due IS NOT NULL AND due > ?`);

  return (endpointId, now, limit) => {
    const rows = page.all(endpointId, now, limit + 1) as unknown as DueDelivery[];
    if (rows.length > limit) return { deliveries: rows.slice(0, limit), nextDue: rows[limit]!.due };
    return { deliveries: rows, nextDue: (next.get(endpointId, now) as { due: number | null }).due };
  };
}
