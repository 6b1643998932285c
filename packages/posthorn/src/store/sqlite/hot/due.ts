import type { DatabaseSync, StatementSync } from "node:sqlite";
import { isDueSql } from "../../immediate.ts";
import { jobColumns } from "../../job-row.ts";
import type { PageSelection } from "../../delivery.ts";
import { dueOf, type RowPage } from "../packed-page.ts";
import { prepareOrderedPage } from "./ordered-page.ts";

export interface DueAsk {
  readonly endpointId: number;
  readonly now: number;
  /** Upper bound for the due time of first attempts without a delay. */
  readonly newestDue: number;
  readonly limit: number;
  readonly selection: PageSelection | null;
}

/**
 * Reads a page of due deliveries of one endpoint along the partial index of rows with a due time: oldest first, unless the selection
 * specifies another order. Skips those in memory: their outcomes are stored later, so that a page would repeat most of the one before it.
 *
 * The limit is a sum because SQLite compiles a statement again for each page whose limit is a parameter, to plan for its value (0.9 µs per
 * delivery of a long backlog).
 */
export function prepareDue(db: DatabaseSync): (ask: DueAsk) => RowPage {
  const prepare = (direction: "ASC" | "DESC"): StatementSync => {
    const statement = db.prepare(`
    SELECT ${jobColumns("min")}
    FROM delivery d INDEXED BY delivery_due
    JOIN message m ON m.id = d.message_id
    WHERE d.endpoint_id = $endpoint AND d.due IS NOT NULL AND d.due <= $until AND ${isDueSql("d", "$now")}
      AND (d.generation <> 0 OR d.message_id NOT IN (SELECT value FROM json_each($known)))
    ORDER BY d.due ${direction}, d.message_id ${direction}
    LIMIT $limit + 0`);
    statement.setReturnArrays(true);
    return statement;
  };
  const oldest = prepare("ASC");
  const newest = prepare("DESC");
  const ordered = prepareOrderedPage(db);
  const next = db.prepare(`
    SELECT min(due) AS due FROM delivery INDEXED BY delivery_due
    WHERE endpoint_id = ? AND due IS NOT NULL AND due > ?`);
  const nextDue = (endpointId: number, now: number): number | null =>
    (next.get(endpointId, now) as { due: number | null }).due;

  return ({ endpointId, now, newestDue, limit, selection }) => {
    if (selection?.kind === "ordered") {
      const page = ordered({ endpointId, now, newestDue, limit, ...selection });
      return { rows: page.rows, nextDue: nextDue(endpointId, now), ordered: page.page };
    }
    const statement = selection?.kind === "newest" ? newest : oldest;
    const until = Math.max(now, newestDue);
    const known = JSON.stringify(selection?.known ?? []);
    const asked = { $endpoint: endpointId, $now: now, $until: until, $limit: limit + 1, $known: known };
    // The types of Node declare objects only.
    const rows = statement.all(asked) as unknown as RowPage["rows"];
    if (rows.length <= limit) return { rows, nextDue: nextDue(endpointId, now) };
    return { rows: rows.slice(0, limit), nextDue: Math.min(dueOf(rows[limit]!), now) };
  };
}
