import type pg from "pg";
import type { DueDelivery, DuePage } from "../../store.ts";
import { withClient } from "../connections.ts";

/** Payloads above this many bytes are not paged in with their delivery but fetched when it is sent. */
const INLINE_PAYLOAD_BYTES = 16_384;

const PAGE = {
  name: "due",
  text: `
  SELECT d.message_id AS "messageId", m.public_id AS "publicId", d.endpoint_id AS "endpointId", d.due, d.attempts, d.generation,
         least(d.manual, 1) AS "trigger", m.content_type AS "contentType", m.ordering_key AS "orderingKey",
         m.request_json AS "requestJson", m.deliver_until AS "deliverUntil",
         CASE WHEN length(m.payload) <= ${INLINE_PAYLOAD_BYTES} THEN m.payload END AS payload
  FROM (SELECT * FROM delivery WHERE endpoint_id = $1 AND due IS NOT NULL AND due <= $2 ORDER BY due, message_id LIMIT $3) AS d
  JOIN message m ON m.id = d.message_id
  ORDER BY d.due, d.message_id`,
};

const NEXT = {
  name: "next due",
  text: "SELECT min(due) AS due FROM delivery WHERE endpoint_id = $1 AND due IS NOT NULL AND due > $2",
};

/** Pages in the deliveries of one endpoint that are due, longest waiting first, along the partial index of live rows. */
export function due(pool: pg.Pool, endpointId: number, now: number, limit: number): Promise<DuePage> {
  return withClient(pool, async (client) => {
    const { rows } = await client.query<DueDelivery>({ ...PAGE, values: [endpointId, now, limit + 1] });
    if (rows.length > limit) return { deliveries: rows.slice(0, limit), nextDue: rows[limit]!.due };
    const next = await client.query<{ due: number | null }>({ ...NEXT, values: [endpointId, now] });
    return { deliveries: rows, nextDue: next.rows[0]!.due };
  });
}
