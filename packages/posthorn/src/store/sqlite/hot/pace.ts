import type { DatabaseSync } from "node:sqlite";
import { DELIVERY_STATE } from "../../schema.ts";
import type { DebouncePacing, Pacing, ThrottlePacing } from "../../store.ts";
import type { AcceptRow } from "../protocol.ts";

interface Row {
  readonly message_id: number | null;
  readonly since: number;
  readonly used: number;
}

/**
 * Debounces and throttles the delivery of a message to one endpoint: returns when it is due, or `null` when it is canceled.
 *
 * In the transaction that accepts the message, so that what is remembered of a key and what is owed never differ, whatever
 * crashes. Endpoints without these options never come here.
 */
export function preparePace(db: DatabaseSync): (row: AcceptRow, endpointId: number, pacing: Pacing) => number | null {
  const find = db.prepare("SELECT message_id, since, used FROM pacing WHERE endpoint_id = ? AND key = ?");
  const keep = db.prepare(`
    INSERT INTO pacing (endpoint_id, key, message_id, since, used, until) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET message_id = excluded.message_id, since = excluded.since, used = excluded.used, until = excluded.until`);
  // Only what was never tried and is not due: anything else may be on its way.
  const replace = db.prepare(`
    UPDATE delivery SET state = ${DELIVERY_STATE.canceled}, due = NULL, generation = generation + 1
    WHERE message_id = ? AND endpoint_id = ? AND state = ${DELIVERY_STATE.pending} AND attempts = 0 AND manual = 0 AND due > ?`);
  const note = db.prepare(`
    INSERT INTO cancellation (message_id, endpoint_id, reason, by_message_id, at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET reason = excluded.reason, by_message_id = excluded.by_message_id, at = excluded.at`);

  /** Takes the place of the message of the key that still waits. */
  function debounce(row: AcceptRow, endpointId: number, now: number, option: DebouncePacing) {
    const key = `d${option.key}`;
    const known = find.get(endpointId, key) as Row | undefined;
    const waiting = known?.message_id ?? null;
    const replaced = waiting !== null && replace.run(waiting, endpointId, now).changes > 0;
    if (replaced) note.run(waiting, endpointId, "debounced", row.id, now);
    const since = replaced ? known!.since : now;
    const due = Math.max(row.due, Math.min(now + option.waitMs, since + option.maxWaitMs));
    return { key, replaced, since, due };
  }

  /** When the window begins that has room for one more; `null` when that is too late. */
  function throttle(endpointId: number, due: number, option: ThrottlePacing): number | null {
    const key = `t${option.key}`;
    const known = find.get(endpointId, key) as Row | undefined;
    const { limit, windowMs, maxDelayMs } = option;
    let since = known?.since ?? due;
    let used = known?.used ?? 0;
    if (due >= since + windowMs) {
      since = due;
      used = 0;
    } else if (used >= limit) {
      since += windowMs;
      used = 0;
    }
    if (since > due + maxDelayMs) return null;
    keep.run(endpointId, key, null, since, used + 1, since + windowMs);
    return Math.max(due, since);
  }

  return (row, endpointId, { now, endpoints }) => {
    const option = endpoints.find((candidate) => candidate.endpointId === endpointId);
    if (option === undefined) return row.due;
    const waits = option.debounce === null ? null : debounce(row, endpointId, now, option.debounce);
    let due: number | null = waits === null ? row.due : waits.due;
    // What takes the place of another takes its place in the window too.
    if (option.throttle !== null && waits?.replaced !== true) due = throttle(endpointId, due, option.throttle);
    if (due === null) note.run(row.id, endpointId, "throttled", null, now);
    else if (waits !== null) keep.run(endpointId, waits.key, row.id, waits.since, 0, due);
    return due;
  };
}
