import type { DatabaseSync } from "node:sqlite";
import { ATTEMPT, placeholders } from "../../hot-columns.ts";
import { ASKED, DELIVERY_STATE, TRIGGER } from "../../schema.ts";
import type { RecordRow } from "../protocol.ts";

/**
 * Writes the outcome of an attempt: one appended attempt, one delivery moved on.
 *
 * The update names the generation that the dispatcher read. If a call made the delivery due again meanwhile (a resend, a
 * recovery), that request is kept and the outcome only adds what it knows.
 *
 * Safe to repeat: who was told that the commit failed comes again with the same attempt, and it may have been made all the same.
 */
export function prepareRecord(db: DatabaseSync): (entry: RecordRow) => void {
  const insertAttempt = db.prepare(`
    INSERT INTO attempt (${ATTEMPT.names}, message_id, endpoint_id, trigger_type) VALUES (${placeholders(ATTEMPT)}, ?, ?, ?)
    ON CONFLICT (id) DO NOTHING`);
  const scheduled = db.prepare(
    "UPDATE delivery SET state = ?, due = ?, attempts = ? WHERE message_id = ? AND endpoint_id = ? AND generation = ?",
  );
  const manual = db.prepare(`
    UPDATE delivery SET
      state = CASE
        WHEN state = ${DELIVERY_STATE.succeeded} THEN state
        WHEN ?1 = ${DELIVERY_STATE.failed} AND resume_due IS NOT NULL THEN state
        ELSE ?1 END,
      due = CASE WHEN ?1 = ${DELIVERY_STATE.failed} THEN resume_due END,
      manual = 0,
      resume_due = NULL
    WHERE message_id = ?2 AND endpoint_id = ?3 AND generation = ?4`);
  // What the schedule has left is decided by the attempt that was under way, not by the due time it began with.
  const overtaken = db.prepare(`
    UPDATE delivery SET
      state = CASE WHEN ?1 = ${DELIVERY_STATE.succeeded} THEN ?1 ELSE state END,
      attempts = max(attempts, ?2),
      resume_due = CASE
        WHEN ?1 = ${DELIVERY_STATE.succeeded} OR state = ${DELIVERY_STATE.canceled} THEN NULL
        WHEN ?5 = ${TRIGGER.scheduled} THEN ?6
        ELSE resume_due END,
      due = CASE WHEN ?1 = ${DELIVERY_STATE.succeeded} AND manual = ${ASKED.byRecovery} THEN NULL ELSE due END,
      manual = CASE WHEN ?1 = ${DELIVERY_STATE.succeeded} AND manual = ${ASKED.byRecovery} THEN 0 ELSE manual END
    WHERE message_id = ?3 AND endpoint_id = ?4`);

  const noteCancel = db.prepare(`
    INSERT INTO cancellation (message_id, endpoint_id, reason, at)
    SELECT message_id, endpoint_id, ?3, ?4 FROM delivery
    WHERE message_id = ?1 AND endpoint_id = ?2 AND state = ${DELIVERY_STATE.canceled}
    ON CONFLICT DO NOTHING`);

  const pass = db.prepare(`
    UPDATE delivery SET pass_at = coalesce(pass_at, ?)
    WHERE message_id = ? AND endpoint_id = ? AND order_key IS NOT NULL`);

  return (entry) => {
    const { messageId, endpointId, generation, trigger, state, due, attempts, attempt, cancel, passAt } = entry;
    if (attempt !== null) {
      const inserted = insertAttempt.run(...attempt.values, messageId, endpointId, trigger);
      if (inserted.changes === 0) return;
    }
    const { changes } =
      trigger === TRIGGER.manual
        ? manual.run(state, messageId, endpointId, generation)
        : scheduled.run(state, due, attempts, messageId, endpointId, generation);
    if (changes === 0) overtaken.run(state, attempts, messageId, endpointId, trigger, due);
    if (typeof passAt === "number") pass.run(passAt, messageId, endpointId);
    if (cancel) noteCancel.run(messageId, endpointId, cancel.reason, cancel.at);
  };
}
