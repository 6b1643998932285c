import type { DatabaseSync } from "node:sqlite";
import { KEY_ROWS, OrderedPageBuilder, MAX_SCANNED, type Scanned } from "../../ordered-page.ts";
import { isDueSql } from "../../immediate.ts";
import { jobColumns } from "../../job-row.ts";
import { REQUESTED_BY, DELIVERY_STATE } from "../../schema.ts";
import type { OrderedPage, PageSelection } from "../../delivery.ts";
import type { RowPage } from "../packed-page.ts";

const JOB_COLUMNS = jobColumns("min");

export interface OrderedPageAsk extends Extract<PageSelection, { kind: "ordered" }> {
  readonly endpointId: number;
  readonly now: number;
  /** Upper bound for the due time of first attempts without a delay. */
  readonly newestDue: number;
  readonly limit: number;
}

/**
 * Reads the deliveries of an endpoint with ordered delivery that may be sent now. Each costs one look-up in the index of its key. See
 * `bench/README.md` for measurements.
 */
export function prepareOrderedPage(
  db: DatabaseSync,
): (ask: OrderedPageAsk) => { readonly rows: RowPage["rows"]; readonly page: OrderedPage } {
  // `ahead` is the delivery that this one must wait for: the closest earlier one of the same key that is due, or that failed and will be
  // retried. Messages scheduled for later by their publisher, deliveries that have blocked for long enough, and resends of finished ones
  // are skipped. So are those in memory ($known): an earlier one can arrive after them, from a publisher that scheduled it or from a node
  // whose clock is behind.
  const columns = `d.message_id AS messageId, d.due AS due, d.order_key AS orderKey, d.manual = ${REQUESTED_BY.resend} AS resent,
      CASE WHEN d.order_key IS NOT NULL AND d.manual <> ${REQUESTED_BY.resend} AND coalesce(d.pass_at > $now, TRUE) THEN (
        SELECT e.message_id FROM delivery e INDEXED BY delivery_order
        WHERE e.endpoint_id = d.endpoint_id AND e.order_key = d.order_key AND e.message_id < d.message_id
          AND e.due IS NOT NULL AND coalesce(e.pass_at > $now, TRUE)
          AND e.message_id NOT IN (SELECT value FROM json_each($known))
          AND (e.state = ${DELIVERY_STATE.pending} OR e.manual <> ${REQUESTED_BY.resend})
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
    LIMIT $rows + 0`);
  const job = db.prepare(`
    SELECT ${JOB_COLUMNS} FROM delivery d JOIN message m ON m.id = d.message_id
    WHERE d.message_id = ? AND d.endpoint_id = ?`);
  job.setReturnArrays(true);
  const passAt = db.prepare("SELECT pass_at AS passAt FROM delivery WHERE message_id = ? AND endpoint_id = ?");

  return ({ endpointId, now, newestDue, limit, ...selection }) => {
    const builder = new OrderedPageBuilder(selection, limit);
    const asked = { $now: now, $endpoint: endpointId, $known: JSON.stringify(selection.known) };
    const { perKey = KEY_ROWS } = selection;
    const waits = ({ ahead }: Scanned): void =>
      builder.notePassAt((passAt.get(ahead, endpointId) as { passAt: number | null }).passAt);
    if (selection.keys === null) {
      const { due, messageId } = selection.after;
      for (const row of scan.iterate({ ...asked, $until: Math.max(now, newestDue), $due: due, $message: messageId })) {
        const scanned = row as unknown as Scanned;
        if (builder.isFull) break;
        if (builder.see(scanned)) waits(scanned);
      }
    } else {
      for (const key of selection.keys) {
        builder.seeKey(
          key,
          builder.isFull ? [] : (ofKey.all({ ...asked, $key: key, $rows: perKey + 1 }) as unknown as Scanned[]),
          waits,
        );
      }
    }
    const rows = builder.taken.map((id) => job.get(id, endpointId) as unknown as RowPage["rows"][number]);
    return { rows, page: builder.page };
  };
}
