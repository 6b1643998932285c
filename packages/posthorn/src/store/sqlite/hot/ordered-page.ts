import type { DatabaseSync } from "node:sqlite";
import { KEY_ROWS, LineWalk, MAX_SCANNED, type Scanned } from "../../ordered-page.ts";
import { isDueSql } from "../../immediate.ts";
import { jobColumns, type JobRow } from "../../job-row.ts";
import { ASKED, DELIVERY_STATE } from "../../schema.ts";
import type { LinePage, PageWish } from "../../store.ts";

const JOB_COLUMNS = jobColumns("min");

export interface LineAsk extends Extract<PageWish, { kind: "line" }> {
  readonly endpointId: number;
  readonly now: number;
  /** No first attempt that nothing delayed is due later. */
  readonly newestDue: number;
  readonly limit: number;
}

/**
 * Pages in the deliveries of an endpoint with an order whose turn it is. Each costs one look into the index of its key: measured
 * in `bench/README.md`.
 */
export function prepareLine(db: DatabaseSync): (ask: LineAsk) => { readonly rows: JobRow[]; readonly line: LinePage } {
  // Who is before it: those that are due, or failed and will be tried again; not those that were put off by whoever sent them, nor
  // those that have blocked for long enough, nor what somebody sends once more although it has ended. What is in memory is looked past:
  // one before it can have come later, from a sender who put it off or from a node whose clock is behind.
  const columns = `d.message_id AS messageId, d.due AS due, d.order_key AS orderKey, d.manual = ${ASKED.byResend} AS resent,
      CASE WHEN d.order_key IS NOT NULL AND d.manual <> ${ASKED.byResend} AND coalesce(d.pass_at > $now, TRUE) THEN (
        SELECT e.message_id FROM delivery e INDEXED BY delivery_order
        WHERE e.endpoint_id = d.endpoint_id AND e.order_key = d.order_key AND e.message_id < d.message_id
          AND e.due IS NOT NULL AND coalesce(e.pass_at > $now, TRUE)
          AND e.message_id NOT IN (SELECT value FROM json_each($known))
          AND (e.state = ${DELIVERY_STATE.pending} OR e.manual <> ${ASKED.byResend})
          AND (${isDueSql("e", "$now")} OR (e.state = ${DELIVERY_STATE.pending} AND e.attempts > 0))
        ORDER BY e.message_id DESC LIMIT 1) END AS ahead`;
  const scan = db.prepare(`
    SELECT ${columns}
    FROM delivery d INDEXED BY delivery_due
    WHERE d.endpoint_id = $endpoint AND d.due IS NOT NULL AND d.due >= $due AND d.due <= $until
      AND ${isDueSql("d", "$now")} AND (d.due > $due OR d.message_id > $message)
    ORDER BY d.due, d.message_id
    LIMIT ${MAX_SCANNED}`);
  const ofKey = db.prepare(`
    SELECT ${columns}
    FROM delivery d INDEXED BY delivery_order
    WHERE d.endpoint_id = $endpoint AND d.order_key = $key AND d.due IS NOT NULL AND ${isDueSql("d", "$now")}
    ORDER BY d.message_id
    LIMIT ${KEY_ROWS + 1}`);
  const job = db.prepare(`
    SELECT ${JOB_COLUMNS} FROM delivery d JOIN message m ON m.id = d.message_id
    WHERE d.message_id = ? AND d.endpoint_id = ?`);
  const passAt = db.prepare("SELECT pass_at AS passAt FROM delivery WHERE message_id = ? AND endpoint_id = ?");

  return ({ endpointId, now, newestDue, limit, ...wish }) => {
    const walk = new LineWalk(wish, limit);
    const asked = { $now: now, $endpoint: endpointId, $known: JSON.stringify(wish.known) };
    const waits = ({ ahead }: Scanned): void =>
      walk.notePassAt((passAt.get(ahead, endpointId) as { passAt: number | null }).passAt);
    if (wish.keys === null) {
      const { due, messageId } = wish.after;
      for (const row of scan.iterate({ ...asked, $until: Math.max(now, newestDue), $due: due, $message: messageId })) {
        const scanned = row as unknown as Scanned;
        if (walk.isFull) break;
        if (walk.see(scanned)) waits(scanned);
      }
    } else {
      for (const key of wish.keys) {
        walk.seeKey(key, walk.isFull ? [] : (ofKey.all({ ...asked, $key: key }) as unknown as Scanned[]), waits);
      }
    }
    const rows = walk.taken.map((id) => job.get(id, endpointId) as unknown as JobRow);
    return { rows, line: walk.page };
  };
}
