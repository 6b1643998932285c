/** Pages of endpoints whose deliveries have an order among themselves. */
import type pg from "pg";
import { KEY_ROWS, LineWalk, MAX_SCANNED, type Scanned } from "../../ordered-page.ts";
import { isDueSql } from "../../immediate.ts";
import { type JobRow, toDelivery } from "../../job-row.ts";
import { ASKED, DELIVERY_STATE } from "../../schema.ts";
import type { DuePage, PageWish } from "../../store.ts";
import { nameOf } from "./announce.ts";
import { type DueAsk, type InPage, JOB_COLUMNS, NEXT, rowsOf, untilOf } from "./page.ts";

/**
 * Who is before a delivery `d`: those that are due, or failed and will be tried again; not those that were put off by whoever sent them,
 * nor those that have blocked for long enough, nor what somebody sends once more although it has ended. What is in memory is looked past:
 * one before it can have come later, from a sender who put it off or from a node whose clock is behind. Neither list of it depends on
 * the row, so that PostgreSQL hashes it once.
 */
const AHEAD = `
    LEFT JOIN LATERAL (
      SELECT e.message_id, e.pass_at FROM delivery e
      WHERE d.order_key IS NOT NULL AND d.manual <> ${ASKED.byResend} AND coalesce(d.pass_at > a.now, TRUE)
        AND e.endpoint_id = a.endpoint_id AND e.order_key = d.order_key AND e.message_id < d.message_id
        AND e.order_key IS NOT NULL AND e.due IS NOT NULL AND coalesce(e.pass_at > a.now, TRUE)
        AND (e.endpoint_id, e.message_id) NOT IN (SELECT * FROM unnest($3::bigint[], $4::bigint[]))
        AND (e.state = ${DELIVERY_STATE.pending} OR e.manual <> ${ASKED.byResend})
        AND (${isDueSql("e", "a.now")} OR (e.state = ${DELIVERY_STATE.pending} AND e.attempts > 0))
      ORDER BY e.message_id DESC LIMIT 1) AS e ON TRUE`;
const SCANNED = `d.message_id AS "messageId", d.due, d.order_key AS "orderKey", (d.manual = ${ASKED.byResend})::int AS resent,
      e.message_id AS ahead, e.pass_at AS "passAt"`;

/** Along all that is due. */
const SCAN = {
  name: "line",
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

/** A few of each key. \`$5\`: the place of the ask, counted from 1, that a key belongs to. */
const KEYS = {
  name: "keys of lines",
  text: `
  SELECT a.place::int, n.due AS "nextDue", s.*
  FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS a (endpoint_id, now, place)
  ${NEXT}
  LEFT JOIN LATERAL (
    SELECT ${SCANNED}
    FROM unnest($5::int[], $6::text[]) AS k (place, key)
    CROSS JOIN LATERAL (
      SELECT * FROM delivery d
      WHERE d.endpoint_id = a.endpoint_id AND d.order_key = k.key AND d.order_key IS NOT NULL AND d.due IS NOT NULL
        AND ${isDueSql("d", "a.now")}
      ORDER BY d.message_id LIMIT ${KEY_ROWS + 1}) AS d
    ${AHEAD}
    WHERE k.place = a.place) AS s ON TRUE`,
};

/** By their whole key. That they are still due is looked at here: asked for, PostgreSQL may go along all that are due of the endpoint. */
const JOBS = {
  name: "jobs of lines",
  text: `
  SELECT ${JOB_COLUMNS}
  FROM unnest($1::bigint[], $2::bigint[]) AS a (message_id, endpoint_id)
  JOIN delivery d ON d.message_id = a.message_id AND d.endpoint_id = a.endpoint_id
  JOIN message m ON m.id = d.message_id`,
};

type LineWish = Extract<PageWish, { kind: "line" }>;
export type LineAsk = DueAsk & { readonly wish: LineWish };

type ScannedRow = Scanned & { readonly passAt: number | null };

/** Pages each of the asks: one statement for those that go along all that is due, one for those that ask for keys, and one for the jobs. */
export async function linePages(
  client: pg.ClientBase,
  asks: readonly LineAsk[],
  pages: Map<DueAsk, DuePage>,
): Promise<void> {
  const walked = [
    ...(await scans(
      client,
      asks.filter(({ wish }) => wish.keys === null),
    )),
    ...(await keyLookups(
      client,
      asks.filter(({ wish }) => wish.keys !== null),
    )),
  ];
  const jobs = await jobsOf(client, walked);
  for (const { ask, nextDue, walk } of walked) {
    // One that ended between the two looks is not there any more.
    const deliveries = walk.taken.flatMap(
      (id) => jobs.get(nameOf({ messageId: id, endpointId: ask.endpointId })) ?? [],
    );
    pages.set(ask, { deliveries: deliveries.map(toDelivery), nextDue, line: walk.page });
  }
}

interface Walked {
  readonly ask: LineAsk;
  readonly nextDue: number | null;
  readonly walk: LineWalk;
}

async function scans(client: pg.ClientBase, asks: readonly LineAsk[]): Promise<readonly Walked[]> {
  if (asks.length === 0) return [];
  const after = [asks.map(({ wish }) => wish.after.due), asks.map(({ wish }) => wish.after.messageId)];
  const { rows } = await client.query<InPage<ScannedRow>>({
    ...SCAN,
    values: [...commonOf(asks), ...after, untilOf(asks)],
  });
  return rowsOf(asks, rows).map(({ nextDue, found }, index) => {
    const ask = asks[index]!;
    const walk = new LineWalk(ask.wish, ask.limit);
    for (const row of found) {
      if (walk.isFull) break;
      if (walk.see(row)) walk.notePassAt(row.passAt);
    }
    return { ask, nextDue, walk };
  });
}

async function keyLookups(client: pg.ClientBase, asks: readonly LineAsk[]): Promise<readonly Walked[]> {
  if (asks.length === 0) return [];
  const keys = asks.map(({ wish }) => wish.keys ?? []);
  const places = keys.flatMap((ofOne, index) => ofOne.map(() => index + 1));
  const { rows } = await client.query<InPage<ScannedRow>>({
    ...KEYS,
    values: [...commonOf(asks), places, keys.flat()],
  });
  return rowsOf(asks, rows).map(({ nextDue, found }, index) => {
    const ask = asks[index]!;
    const walk = new LineWalk(ask.wish, ask.limit);
    const byKey = Map.groupBy(found, ({ orderKey }) => orderKey);
    for (const key of keys[index]!) {
      const ofKey = (byKey.get(key) ?? []).sort((a, b) => a.messageId - b.messageId);
      walk.seeKey(key, ofKey, ({ passAt }) => walk.notePassAt(passAt));
    }
    return { ask, nextDue, walk };
  });
}

/** What both ways to look need: endpoints and times, and what is in memory. */
function commonOf(asks: readonly LineAsk[]): readonly (readonly number[])[] {
  return [
    asks.map(({ endpointId }) => endpointId),
    asks.map(({ now }) => now),
    asks.flatMap(({ endpointId, wish }) => wish.known.map(() => endpointId)),
    asks.flatMap(({ wish }) => wish.known),
  ];
}

/** What was taken of each line, by name. */
async function jobsOf(
  client: pg.ClientBase,
  walked: readonly { readonly ask: DueAsk; readonly walk: LineWalk }[],
): Promise<ReadonlyMap<string, JobRow>> {
  const messages = walked.flatMap(({ walk }) => walk.taken);
  if (messages.length === 0) return new Map();
  const endpoints = walked.flatMap(({ ask, walk }) => walk.taken.map(() => ask.endpointId));
  const { rows } = await client.query<JobRow | EndedRow>({ ...JOBS, values: [messages, endpoints] });
  return new Map(rows.flatMap((row) => (isDue(row) ? [[nameOf(row), row]] : [])));
}

type EndedRow = Omit<JobRow, "due"> & { readonly due: null };

function isDue(row: JobRow | EndedRow): row is JobRow {
  return row.due !== null;
}
