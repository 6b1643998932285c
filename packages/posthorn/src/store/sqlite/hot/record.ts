import { ATTEMPT, EXPUNGED } from "../../hot-columns.ts";
import { REQUESTED_BY, DELIVERY_STATE, TRIGGER } from "../../schema.ts";
import type { RecordRow } from "../protocol.ts";
import type { Statement, Statements } from "../journal/statements.ts";
import type { PendingDeliveries } from "./pending-deliveries.ts";

/** Place of the key of the message among the parameters of the attempt. */
const MESSAGE_PLACE = ATTEMPT.columns.length + 1;
const IS_ERASED = `EXISTS (SELECT 1 FROM message_erasure WHERE message_id = ?${MESSAGE_PLACE})`;
/** Values of the message, endpoint and trigger, which follow those of the attempt. */
const LINKS = [0, 1, 2].map((place) => `?${MESSAGE_PLACE + place}`);
const VALUES = [...ATTEMPT.columns.map((_, index) => `?${index + 1}`), ...LINKS].join(", ");
/** The same, without the content of the attempt if the message was erased while it was in flight. */
const VALUES_UNLESS_ERASED = [
  ...ATTEMPT.columns.map(({ column }, index) => {
    if (column === "response") return `CASE WHEN ${IS_ERASED} THEN '${EXPUNGED}' ELSE ?${index + 1} END`;
    return column === "detail_json" ? `CASE WHEN ${IS_ERASED} THEN NULL ELSE ?${index + 1} END` : `?${index + 1}`;
  }),
  ...LINKS,
].join(", ");

export interface Recorder {
  /** Writes the outcome of an attempt. */
  readonly record: (entry: RecordRow) => void;
  /** Discards the cached answer to whether any message was erased, which may have changed. */
  readonly forget: () => void;
}

/**
 * Writes outcomes of attempts: inserts the attempt and updates its delivery.
 *
 * The update is conditional on the generation that the dispatcher read. If an API call has made the delivery due again in the meantime (a
 * resend, a recovery), that request is kept, and only the remaining facts of the outcome are added.
 *
 * Safe to repeat: after a commit that was reported as failed, callers record the same attempt again, although it may have been committed.
 *
 * The look-ups of erased messages are skipped while there is none. Messages are erased by transactions on this connection, for each
 * statement of which `forget` is called.
 */
export function prepareRecord(db: Statements, pending: PendingDeliveries): Recorder {
  const insertInto = (values: string): Statement =>
    db.prepare(`
    INSERT INTO attempt (${ATTEMPT.names}, message_id, endpoint_id, trigger_type) VALUES (${values})
    ON CONFLICT (id) DO NOTHING`);
  const anyErased = db.prepare("SELECT 1 FROM message_erasure LIMIT 1");
  const insertAttempt = insertInto(VALUES);
  const insertUnlessErased = insertInto(VALUES_UNLESS_ERASED);
  let insert: Statement | null = null;
  const scheduled = db.prepare(
    "UPDATE delivery SET state = ?, due = ?, attempts = ? WHERE message_id = ? AND endpoint_id = ? AND generation = ?",
  );
  // Most outcomes. It binds fewer values.
  const succeeded = db.prepare(`
    UPDATE delivery SET state = ${DELIVERY_STATE.succeeded}, due = NULL, attempts = ?
    WHERE message_id = ? AND endpoint_id = ? AND generation = ?`);
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
  // The outcome of the attempt in flight decides when the retry schedule continues, not the due time that it started with.
  const overtaken = db.prepare(`
    UPDATE delivery SET
      state = CASE WHEN ?1 = ${DELIVERY_STATE.succeeded} THEN ?1 ELSE state END,
      attempts = max(attempts, ?2),
      resume_due = CASE
        WHEN ?1 = ${DELIVERY_STATE.succeeded} OR state = ${DELIVERY_STATE.canceled} THEN NULL
        WHEN ?5 = ${TRIGGER.scheduled} THEN ?6
        ELSE resume_due END,
      due = CASE WHEN ?1 = ${DELIVERY_STATE.succeeded} AND manual = ${REQUESTED_BY.recovery} THEN NULL ELSE due END,
      manual = CASE WHEN ?1 = ${DELIVERY_STATE.succeeded} AND manual = ${REQUESTED_BY.recovery} THEN 0 ELSE manual END
    WHERE message_id = ?3 AND endpoint_id = ?4`);

  const noteCancel = db.prepare(`
    INSERT INTO cancellation (message_id, endpoint_id, reason, at)
    SELECT message_id, endpoint_id, ?3, ?4 FROM delivery
    WHERE message_id = ?1 AND endpoint_id = ?2 AND state = ${DELIVERY_STATE.canceled}
    ON CONFLICT DO NOTHING`);

  const pass = db.prepare(`
    UPDATE delivery SET pass_at = coalesce(pass_at, ?)
    WHERE message_id = ? AND endpoint_id = ? AND order_key IS NOT NULL`);

  const update = ({ messageId, endpointId, generation, trigger, state, due, attempts }: RecordRow): number | bigint => {
    if (trigger === TRIGGER.manual) return manual.run(state, messageId, endpointId, generation).changes;
    if (state === DELIVERY_STATE.succeeded && due === null)
      return succeeded.run(attempts, messageId, endpointId, generation).changes;
    return scheduled.run(state, due, attempts, messageId, endpointId, generation).changes;
  };
  /** Notes the update of a delivery that was inserted with its outcome. */
  const noteUpdate = ({ messageId, endpointId, generation, state, due, attempts }: RecordRow): void => {
    if (state === DELIVERY_STATE.succeeded && due === null) succeeded.note(attempts, messageId, endpointId, generation);
    else scheduled.note(state, due, attempts, messageId, endpointId, generation);
  };

  const record = (entry: RecordRow): void => {
    const { messageId, endpointId, trigger, state, due, attempts, attempt, cancel, passAt } = entry;
    if (attempt !== null) {
      insert ??= anyErased.get() === undefined ? insertAttempt : insertUnlessErased;
      const inserted = insert.run(...attempt.values, messageId, endpointId, trigger);
      if (inserted.changes === 0) return;
    }
    if (pending.insertWith(entry)) noteUpdate(entry);
    else if (update(entry) === 0) overtaken.run(state, attempts, messageId, endpointId, trigger, due);
    if (typeof passAt === "number") pass.run(passAt, messageId, endpointId);
    if (cancel) noteCancel.run(messageId, endpointId, cancel.reason, cancel.at);
  };

  return {
    record,
    forget: () => {
      insert = null;
    },
  };
}
