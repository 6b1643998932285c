import { type Announcement, Announcements, type DeliveryBefore, isRare } from "../../announcing.ts";
import { APPLICATION_KIND } from "../../schema.ts";
import type { PendingDeliveries } from "./pending-deliveries.ts";
import type { Recorder } from "./record.ts";
import type { Statements } from "../journal/statements.ts";

export interface AnnouncingRecord {
  readonly record: Recorder["record"];
  /** Discards cached answers to whether there are subscribers and erased messages, which may have changed. */
  readonly forget: () => void;
  /** Whether anything was written since the last call. */
  readonly announced: () => boolean;
}

/**
 * Records outcomes and writes their events for operational webhooks in the same transaction.
 *
 * Ordinary outcomes cost one comparison. Rare ones require a check for subscribers, which is cached until the next transaction of
 * resources; those run on the same thread. Deliveries of operational webhooks themselves are never announced.
 */
export function prepareAnnouncing(
  db: Statements,
  { record, forget }: Recorder,
  pending: PendingDeliveries,
): AnnouncingRecord {
  const listener = db.prepare(`
    SELECT 1 FROM application o JOIN endpoint l ON l.app_id = o.id AND l.deleted_at IS NULL
    WHERE o.kind = ${APPLICATION_KIND.operational} AND o.deleted_at IS NULL LIMIT 1`);
  const delivery = db.prepare(
    'SELECT state, attempts, generation, resume_due AS "resumeDue" FROM delivery WHERE message_id = ? AND endpoint_id = ?',
  );
  const insert = db.prepare(`
    INSERT INTO operational_event (org_id, type, at, due, merge_key, count, endpoint_id, message_id, attempt_id)
    SELECT a.org_id, ?1, ?2, ?3, ?4, 1, e.id, ?6, ?7
    FROM endpoint e JOIN application a ON a.id = e.app_id
    WHERE e.id = ?5 AND e.replay_task_id IS NULL AND a.kind = ${APPLICATION_KIND.customer} AND EXISTS (
      SELECT 1 FROM application o JOIN endpoint l ON l.app_id = o.id AND l.deleted_at IS NULL
      WHERE o.org_id = a.org_id AND o.kind = ${APPLICATION_KIND.operational} AND o.deleted_at IS NULL
        AND (l.event_types_json IS NULL OR instr(l.event_types_json, '"' || ?1 || '"') > 0))
    ON CONFLICT (merge_key) WHERE merge_key IS NOT NULL DO UPDATE SET
      count = count + 1, at = excluded.at, message_id = excluded.message_id, attempt_id = excluded.attempt_id`);
  const announcements = new Announcements();
  let listening: boolean | null = null;
  let announced = false;

  const announce = ({ type, at, due, mergeKey, endpointId, messageId, attemptId }: Announcement): void => {
    const { changes } = insert.run(type, at, due, mergeKey, endpointId, messageId, attemptId);
    if (changes !== 0) announced = true;
  };

  return {
    record: (entry) => {
      if (!isRare(entry)) {
        record(entry);
        return;
      }
      listening ??= listener.get() !== undefined;
      if (listening) pending.insert(entry);
      const before = listening ? delivery.get(entry.messageId, entry.endpointId) : undefined;
      record(entry);
      const announcement = before === undefined ? null : announcements.of(entry, before as unknown as DeliveryBefore);
      if (announcement !== null) announce(announcement);
    },
    forget: () => {
      listening = null;
      forget();
    },
    announced: () => {
      const was = announced;
      announced = false;
      return was;
    },
  };
}
