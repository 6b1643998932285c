import type { DatabaseSync } from "node:sqlite";
import { DELIVERY_STATE } from "../../schema.ts";
import type { AcceptRow, AcceptStatus } from "../protocol.ts";

/**
 * Stores a message and the deliveries it is owed.
 *
 * One prepared insert for each row inside the batch's transaction: multi-row VALUES gained nothing (4.9 µs a row against
 * 4.8) and `json_each` cost 8.9.
 */
export function prepareAccept(db: DatabaseSync): (row: AcceptRow, payload: Uint8Array) => AcceptStatus {
  const usedKey = db.prepare("SELECT message_id FROM idempotency WHERE bucket = ? AND hash = ?");
  const keepKey = db.prepare("INSERT INTO idempotency (bucket, hash, message_id) VALUES (?, ?, ?)");
  const sameEvent = db.prepare("SELECT 1 FROM message WHERE app_id = ? AND event_id = ?");
  const insertMessage = db.prepare("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const insertDelivery = db.prepare("INSERT INTO delivery VALUES (?, ?, ?, ?, 0, 0, 0, NULL)");

  return (row, payload) => {
    const { id, appId, eventId, idempotency: key } = row;
    if (key !== null) {
      for (const bucket of key.buckets) {
        const used = usedKey.get(bucket, key.hash) as { message_id: number | null } | undefined;
        if (used !== undefined && used.message_id !== null) return used.message_id;
      }
    }
    if (eventId !== null && sameEvent.get(appId, eventId) !== undefined) return "duplicate_event_id";
    insertMessage.run(
      id,
      row.publicId,
      appId,
      row.eventType,
      eventId,
      row.channelsJson,
      row.tagsJson,
      payload,
      row.contentType,
      row.expiresAt,
      row.deliverAt,
      row.orderingKey,
      row.unmatchedJson,
      row.requestJson,
    );
    for (const endpointId of row.endpointIds) insertDelivery.run(id, endpointId, DELIVERY_STATE.pending, row.due);
    if (key !== null) keepKey.run(key.buckets[0]!, key.hash, id);
    return "stored";
  };
}
