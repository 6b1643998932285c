import type { DatabaseSync } from "node:sqlite";
import { LABEL_KIND, type LabelKind } from "../../labels.ts";
import { DELIVERY_STATE } from "../../schema.ts";
import type { AcceptRow, AcceptStatus } from "../protocol.ts";
import { preparePace } from "./pace.ts";

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
  const insertMessage = db.prepare(`
    INSERT INTO message (id, public_id, app_id, event_type, event_id, channels_json, tags_json, payload, content_type,
      expires_at, deliver_at, ordering_key, unmatched_json, request_json, deliver_until)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const insertDeadline = db.prepare("INSERT INTO message_deadline (deliver_until, message_id) VALUES (?, ?)");
  const insertLabel = db.prepare("INSERT INTO message_label VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING");
  const insertLabels = ({ appId, id }: AcceptRow, kind: LabelKind, names: string | null): void => {
    if (names === null) return;
    for (const name of JSON.parse(names) as string[]) insertLabel.run(appId, kind, name, id);
  };
  const insertDelivery = db.prepare(`
    INSERT INTO delivery (message_id, endpoint_id, state, due, attempts, generation, manual, order_key)
    VALUES (?, ?, ?, ?, 0, 0, 0, ?)`);
  const pace = preparePace(db);

  return (row, payload) => {
    const { id, appId, eventId, idempotency: key, deliverUntil, pacing, orderKeys } = row;
    const orderKey = (index: number): string | null => (orderKeys === null ? null : orderKeys[index]!);
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
      deliverUntil,
    );
    insertLabels(row, LABEL_KIND.channel, row.channelsJson);
    insertLabels(row, LABEL_KIND.tag, row.tagsJson);
    if (deliverUntil !== null) insertDeadline.run(deliverUntil, id);
    if (key !== null) keepKey.run(key.buckets[0]!, key.hash, id);
    if (pacing === null) {
      row.endpointIds.forEach((endpointId, index) =>
        insertDelivery.run(id, endpointId, DELIVERY_STATE.pending, row.due, orderKey(index)),
      );
      return "stored";
    }
    return row.endpointIds.map((endpointId, index) => {
      const due = pace(row, endpointId, pacing);
      const state = due === null ? DELIVERY_STATE.canceled : DELIVERY_STATE.pending;
      insertDelivery.run(id, endpointId, state, due, orderKey(index));
      return due;
    });
  };
}
