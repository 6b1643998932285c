import type pg from "pg";
import { isDueSql } from "../../immediate.ts";
import { type JobRow, toJob } from "../../job-row.ts";
import type { JobPage } from "../../delivery.ts";
import { type Pool, withClient } from "../connections.ts";
import { type OrderedPageAsk, orderedPages } from "./ordered-page.ts";
import { type DueAsk, type InPage, JOB_COLUMNS, NEXT, rowsOf, untilOf } from "./page.ts";

/**
 * Statement that reads pages. It returns one row per delivery, with the next due time of its endpoint after now; an empty page has one
 * row too. The rows are sorted in Node, because PostgreSQL would sort them together with their payloads. Deliveries in memory are skipped
 * ($5 and $6, of all endpoints): their outcomes are stored later, so that a page would repeat most of the one before it. The list does not
 * depend on the row, so that PostgreSQL hashes it once.
 */
const page = (direction: "ASC" | "DESC") => ({
  direction,
  name: `due ${direction}`,
  text: `
  SELECT a.place::int, n.due AS "nextDue", d.*
  FROM unnest($1::bigint[], $2::bigint[], $3::int[], $4::bigint[]) WITH ORDINALITY AS a (endpoint_id, now, room, until, place)
  ${NEXT}
  LEFT JOIN LATERAL (
    SELECT ${JOB_COLUMNS}
    FROM (SELECT * FROM delivery d
          WHERE d.endpoint_id = a.endpoint_id AND d.due IS NOT NULL AND d.due <= a.until AND ${isDueSql("d", "a.now")}
            AND (d.generation <> 0 OR (d.endpoint_id, d.message_id) NOT IN (SELECT * FROM unnest($5::bigint[], $6::bigint[])))
          ORDER BY d.due ${direction}, d.message_id ${direction} LIMIT a.room) AS d
    JOIN message m ON m.id = d.message_id) AS d ON TRUE`,
});
const OLDEST = page("ASC");
const NEWEST = page("DESC");

/**
 * Reads pages of due deliveries for several endpoints along the partial index of rows with a due time: oldest first, unless the selection
 * specifies another order. Uses one statement for all pages in the same order, and up to three for those of endpoints with ordered
 * delivery.
 */
export async function duePages(pool: Pool, asks: readonly DueAsk[]): Promise<readonly JobPage[]> {
  const pages = new Map<DueAsk, JobPage>();
  await withClient(pool, async (client) => {
    const lines = asks.filter((ask) => isLine(ask));
    const newest = asks.filter(({ selection }) => selection?.kind === "newest");
    const oldest = asks.filter(({ selection }) => selection === undefined || selection.kind === "oldest");
    for (const [statement, of] of [
      [OLDEST, oldest],
      [NEWEST, newest],
    ] as const) {
      if (of.length > 0) await plainPages(client, statement, of, pages);
    }
    if (lines.length > 0) await orderedPages(client, lines, pages);
  });
  return asks.map((ask) => pages.get(ask)!);
}

function isLine(ask: DueAsk): ask is OrderedPageAsk {
  return ask.selection?.kind === "ordered";
}

async function plainPages(
  client: pg.ClientBase,
  { direction, ...statement }: ReturnType<typeof page>,
  asks: readonly DueAsk[],
  pages: Map<DueAsk, JobPage>,
): Promise<void> {
  const known = asks.map(({ selection }) => selection?.known ?? []);
  const values = [
    asks.map(({ endpointId }) => endpointId),
    asks.map(({ now }) => now),
    // One extra row, to know whether more are due.
    asks.map(({ limit }) => limit + 1),
    untilOf(asks),
    asks.flatMap(({ endpointId }, index) => known[index]!.map(() => endpointId)),
    known.flat(),
  ];
  const { rows } = await client.query<InPage<JobRow>>({ ...statement, values });
  for (const [index, { nextDue, found }] of rowsOf(asks, rows).entries()) {
    const ask = asks[index]!;
    if (direction === "DESC") found.reverse();
    const deliveries = found.slice(0, ask.limit).map((row) => toJob(row));
    const more = found[ask.limit];
    pages.set(ask, { deliveries, nextDue: more === undefined ? nextDue : Math.min(more.due, ask.now) });
  }
}
