/** Pages of endpoints with ordered delivery. */
import type pg from "pg";
import { KEY_ROWS, OrderedPageBuilder, MAX_SCANNED, type Scanned } from "../../ordered-page.ts";
import { isDueSql } from "../../immediate.ts";
import { type JobRow, toJob } from "../../job-row.ts";
import { REQUESTED_BY, DELIVERY_STATE } from "../../schema.ts";
import type { JobPage, PageSelection } from "../../delivery.ts";
import { nameOf } from "./announce.ts";
import { type DueAsk, type InPage, JOB_COLUMNS, NEXT, rowsOf, untilOf } from "./page.ts";

/**
 * Finds the delivery that a delivery `d` must wait for: the closest earlier one of the same key that is due, or that failed and will be
 * retried. Messages scheduled for later by their publisher, deliveries that have blocked for long enough, and resends of finished ones
 * are skipped. So are those in memory (`known`): an earlier one can arrive after them, from a publisher that scheduled it or from a node
 * whose clock is behind. Neither list depends on the row, so that PostgreSQL hashes each once.
 */
const AHEAD = `
    LEFT JOIN LATERAL (
      SELECT e.message_id, e.pass_at FROM delivery e
      WHERE d.order_key IS NOT NULL AND d.manual <> ${REQUESTED_BY.resend} AND coalesce(d.pass_at > a.now, TRUE)
        AND e.endpoint_id = a.endpoint_id AND e.order_key = d.order_key AND e.message_id < d.message_id
        AND e.order_key IS NOT NULL AND e.due IS NOT NULL AND coalesce(e.pass_at > a.now, TRUE)
        AND (e.endpoint_id, e.message_id) NOT IN (SELECT * FROM unnest($3::bigint[], $4::bigint[]))
        AND (e.state = ${DELIVERY_STATE.pending} OR e.manual <> ${REQUESTED_BY.resend})
        AND (${isDueSql("e", "a.now")} OR (e.state = ${DELIVERY_STATE.pending} AND e.attempts > 0))
      ORDER BY e.message_id DESC LIMIT 1) AS e ON TRUE`;
const SCANNED = `d.message_id AS "messageId", d.due, d.order_key AS "orderKey", (d.manual = ${REQUESTED_BY.resend})::int AS resent,
      e.message_id AS ahead, e.pass_at AS "passAt"`;

/** Scans all due deliveries of an endpoint. */
const SCAN = {
  name: "ordered page",
  text: `
  SELECT a.place::int, n.due AS "nextDue", s.*
  FROM unnest($1::bigint[], $2::bigint[], $5::bigint[], $6::bigint[], $7::bigint[]) WITH ORDINALITY
    AS a (endpoint_id, now, after_due, after_message, until, place)
  ${NEXT}
  LEFT JOIN LATERAL (
    SELECT ${SCANNED}
    FROM (SELECT * FROM delivery d
          WHERE d.endpoint_id = a.endpoint_id AND d.due IS NOT NULL AND d.due <= a.until AND ${isDueSql("d", "a.now")}
            AND (d.due, d.message_id) > (a.after_due, a.after_message)
          ORDER BY d.due, d.message_id LIMIT ${MAX_SCANNED}) AS d
    ${AHEAD}) AS s ON TRUE`,
};

/** A few deliveries of each key. `$5`: the place of the ask that a key belongs to, counted from 1. */
const KEYS = {
  name: "ordered page of keys",
  text: `
  SELECT a.place::int, n.due AS "nextDue", s.*
  FROM unnest($1::bigint[], $2::bigint[], $7::int[]) WITH ORDINALITY AS a (endpoint_id, now, key_rows, place)
  ${NEXT}
  LEFT JOIN LATERAL (
    SELECT ${SCANNED}
    FROM unnest($5::int[], $6::text[]) AS k (place, key)
    CROSS JOIN LATERAL (
      SELECT * FROM delivery d
      WHERE d.endpoint_id = a.endpoint_id AND d.order_key = k.key AND d.order_key IS NOT NULL AND d.due IS NOT NULL
        AND ${isDueSql("d", "a.now")}
      ORDER BY d.message_id LIMIT a.key_rows) AS d
    ${AHEAD}
    WHERE k.place = a.place) AS s ON TRUE`,
};

/** Jobs by primary key. The caller filters out those that are no longer due: with a condition on `due`, PostgreSQL may scan all due deliveries of the endpoint instead. */
const JOBS = {
  name: "ordered jobs",
  text: `
  SELECT ${JOB_COLUMNS}
  FROM unnest($1::bigint[], $2::bigint[]) AS a (message_id, endpoint_id)
  JOIN delivery d ON d.message_id = a.message_id AND d.endpoint_id = a.endpoint_id
  JOIN message m ON m.id = d.message_id`,
};

type OrderedSelection = Extract<PageSelection, { kind: "ordered" }>;
export type OrderedPageAsk = DueAsk & { readonly selection: OrderedSelection };

type ScannedRow = Scanned & { readonly passAt: number | null };

/** Reads all pages with three statements: one for the scans, one for the look-ups by key, and one for the jobs. */
export async function orderedPages(
  client: pg.ClientBase,
  asks: readonly OrderedPageAsk[],
  pages: Map<DueAsk, JobPage>,
): Promise<void> {
  const built = [
    ...(await scans(
      client,
      asks.filter(({ selection }) => selection.keys === null),
    )),
    ...(await keyLookups(
      client,
      asks.filter(({ selection }) => selection.keys !== null),
    )),
  ];
  const jobs = await jobsOf(client, built);
  for (const { ask, nextDue, builder } of built) {
    // A delivery may have ended between the two statements.
    const deliveries = builder.taken.flatMap(
      (id) => jobs.get(nameOf({ messageId: id, endpointId: ask.endpointId })) ?? [],
    );
    pages.set(ask, { deliveries: deliveries.map((row) => toJob(row)), nextDue, ordered: builder.page });
  }
}

interface BuiltPage {
  readonly ask: OrderedPageAsk;
  readonly nextDue: number | null;
  readonly builder: OrderedPageBuilder;
}

async function scans(client: pg.ClientBase, asks: readonly OrderedPageAsk[]): Promise<readonly BuiltPage[]> {
  if (asks.length === 0) return [];
  const after = [
    asks.map(({ selection }) => selection.after.due),
    asks.map(({ selection }) => selection.after.messageId),
  ];
  const { rows } = await client.query<InPage<ScannedRow>>({
    ...SCAN,
    values: [...commonOf(asks), ...after, untilOf(asks)],
  });
  return rowsOf(asks, rows).map(({ nextDue, found }, index) => {
    const ask = asks[index]!;
    const builder = new OrderedPageBuilder(ask.selection, ask.limit);
    for (const row of found) {
      if (builder.isFull) break;
      if (builder.see(row)) builder.notePassAt(row.passAt);
    }
    return { ask, nextDue, builder };
  });
}

async function keyLookups(client: pg.ClientBase, asks: readonly OrderedPageAsk[]): Promise<readonly BuiltPage[]> {
  if (asks.length === 0) return [];
  const keys = asks.map(({ selection }) => selection.keys ?? []);
  const places = keys.flatMap((ofOne, index) => ofOne.map(() => index + 1));
  const { rows } = await client.query<InPage<ScannedRow>>({
    ...KEYS,
    values: [
      ...commonOf(asks),
      places,
      keys.flat(),
      // One extra row, to know whether more are due.
      asks.map(({ selection }) => (selection.perKey ?? KEY_ROWS) + 1),
    ],
  });
  return rowsOf(asks, rows).map(({ nextDue, found }, index) => {
    const ask = asks[index]!;
    const builder = new OrderedPageBuilder(ask.selection, ask.limit);
    const byKey = Map.groupBy(found, ({ orderKey }) => orderKey);
    for (const key of keys[index]!) {
      const ofKey = (byKey.get(key) ?? []).sort((a, b) => a.messageId - b.messageId);
      builder.seeKey(key, ofKey, ({ passAt }) => builder.notePassAt(passAt));
    }
    return { ask, nextDue, builder };
  });
}

/** Parameters of both statements: endpoints, times, and the deliveries in memory. */
function commonOf(asks: readonly OrderedPageAsk[]): readonly (readonly number[])[] {
  return [
    asks.map(({ endpointId }) => endpointId),
    asks.map(({ now }) => now),
    asks.flatMap(({ endpointId, selection }) => selection.known.map(() => endpointId)),
    asks.flatMap(({ selection }) => selection.known),
  ];
}

/** Jobs of the chosen deliveries, by name. */
async function jobsOf(
  client: pg.ClientBase,
  built: readonly { readonly ask: DueAsk; readonly builder: OrderedPageBuilder }[],
): Promise<ReadonlyMap<string, JobRow>> {
  const messages = built.flatMap(({ builder }) => builder.taken);
  if (messages.length === 0) return new Map();
  const endpoints = built.flatMap(({ ask, builder }) => builder.taken.map(() => ask.endpointId));
  const { rows } = await client.query<JobRow | EndedRow>({ ...JOBS, values: [messages, endpoints] });
  return new Map(rows.flatMap((row) => (isDue(row) ? [[nameOf(row), row]] : [])));
}

type EndedRow = Omit<JobRow, "due"> & { readonly due: null };

function isDue(row: JobRow | EndedRow): row is JobRow {
  return row.due !== null;
}
