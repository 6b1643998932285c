/** What all pages of what is due have in common. */
import { jobColumns } from "../../job-row.ts";
import type { PageWish } from "../../store.ts";

export const JOB_COLUMNS = jobColumns("least");

/** When the first delivery of an endpoint is due that is not due yet. */
export const NEXT = `
  CROSS JOIN LATERAL (
    SELECT min(due) AS due FROM delivery WHERE endpoint_id = a.endpoint_id AND due IS NOT NULL AND due > a.now) AS n`;

export interface DueAsk {
  readonly endpointId: number;
  readonly now: number;
  /** No first attempt that nothing delayed is due later. */
  readonly newestDue: number;
  readonly limit: number;
  readonly wish: PageWish | undefined;
}

/** The latest `due` that a page looks at. */
export function untilOf(asks: readonly DueAsk[]): readonly number[] {
  return asks.map(({ now, newestDue }) => Math.max(now, newestDue));
}

/** A row of a page: the columns of a delivery are `null` where there is none. */
export type InPage<Row> = { readonly place: number; readonly nextDue: number | null } & (
  | Row
  | { readonly messageId: null; readonly due: null }
);

export interface Found<Row> {
  readonly nextDue: number | null;
  /** The longest waiting first. */
  readonly found: Row[];
}

/** The rows of each ask, in the order of the asks. */
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
