/** Shared parts of the statements that read pages of due deliveries. */
import { jobColumns } from "../../job-row.ts";
import type { PageSelection } from "../../delivery.ts";

export const JOB_COLUMNS = jobColumns("least");

/** Joins the next due time of the endpoint after now. */
export const NEXT = `
  CROSS JOIN LATERAL (
    SELECT min(due) AS due FROM delivery WHERE endpoint_id = a.endpoint_id AND due IS NOT NULL AND due > a.now) AS n`;

export interface DueAsk {
  readonly endpointId: number;
  readonly now: number;
  /** Upper bound for the due time of first attempts without a delay. */
  readonly newestDue: number;
  readonly limit: number;
  readonly selection: PageSelection | undefined;
}

/** Returns the latest due time that each page reads. */
export function untilOf(asks: readonly DueAsk[]): readonly number[] {
  return asks.map(({ now, newestDue }) => Math.max(now, newestDue));
}

/** A row of a page. The columns of a delivery are `null` in the single row of an empty page. */
export type InPage<Row> = { readonly place: number; readonly nextDue: number | null } & (
  | Row
  | { readonly messageId: null; readonly due: null }
);

export interface Found<Row> {
  readonly nextDue: number | null;
  /** Oldest first. */
  readonly found: Row[];
}

/** Groups rows by ask, in the order of the asks. */
export function rowsOf<Row extends { readonly messageId: number; readonly due: number }>(
  asks: readonly DueAsk[],
  rows: readonly InPage<Row>[],
): readonly Found<Row>[] {
  const places = asks.map((): { nextDue: number | null; readonly found: Row[] } => ({ nextDue: null, found: [] }));
  for (const row of rows) {
    const place = places[row.place - 1]!;
    place.nextDue = row.nextDue;
    if (isThere(row)) place.found.push(row);
  }
  for (const { found } of places) found.sort((a, b) => a.due - b.due || a.messageId - b.messageId);
  return places;
}

function isThere<Row>(row: InPage<Row>): row is InPage<Row> & Row {
  return (row as { readonly messageId: number | null }).messageId !== null;
}
