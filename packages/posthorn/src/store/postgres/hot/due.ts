import type pg from "pg";
import { timeOfKey } from "../../../id.ts";
import { INLINE_PAYLOAD_BYTES, LineWalk, MAX_SCANNED, type Scanned } from "../../line-walk.ts";
import { ASKED, DELIVERY_STATE } from "../../schema.ts";
import type { DueDelivery, DuePage, PageWish } from "../../store.ts";
import { type Pool, withClient } from "../connections.ts";
import { nameOf } from "./announce.ts";

type JobRow = Omit<DueDelivery, "firstDue" | "resent"> & { readonly deliverAt: number | null; readonly resent: number };

const JOB_COLUMNS = `
  d.message_id AS "messageId", m.public_id AS "publicId", d.endpoint_id AS "endpointId", d.due, d.attempts, d.generation,
  least(d.manual, 1) AS "trigger", d.manual = ${ASKED.byResend} AS resent, d.order_key AS "orderKey",
  m.content_type AS "contentType", m.ordering_key AS "orderingKey", m.request_json AS "requestJson",
  m.deliver_until AS "deliverUntil", m.deliver_at AS "deliverAt",
  CASE WHEN length(m.payload) <= ${INLINE_PAYLOAD_BYTES} THEN m.payload END AS payload`;

/** When the first delivery of an endpoint is due that is not due yet. */
const NEXT = `
  CROSS JOIN LATERAL (
    SELECT min(due) AS due FROM delivery WHERE endpoint_id = a.endpoint_id AND due IS NOT NULL AND due > a.now) AS n`;

/**
 * One row for each delivery of each page, with when the next one of its endpoint is due that is not due yet; a page with nothing in it
 * has one row too. They are put in order here: PostgreSQL would sort them with their payloads.
 */
const page = (direction: "ASC" | "DESC") => ({
  direction,
  name: `due ${direction}`,
  text: `
  SELECT a.place::int, n.due AS "nextDue", d.*
  FROM unnest($1::bigint[], $2::bigint[], $3::int[]) WITH ORDINALITY AS a (endpoint_id, now, room, place)
  ${NEXT}
  LEFT JOIN LATERAL (
    SELECT ${JOB_COLUMNS}
    FROM (SELECT * FROM delivery WHERE endpoint_id = a.endpoint_id AND due IS NOT NULL AND due <= a.now
          ORDER BY due ${direction}, message_id ${direction} LIMIT a.room) AS d
    JOIN message m ON m.id = d.message_id) AS d ON TRUE`,
});
const OLDEST = page("ASC");
const NEWEST = page("DESC");

/**
 * Who is before a delivery: those that are due, or failed and will be tried again; not those that were put off by whoever sent them,
 * nor those that have blocked for long enough, nor what somebody sends once more although it has ended. What is in memory is looked past:
 * one before it can have come later, from a sender who put it off or from a node whose clock is behind. Neither list of it depends on
 * the row, so that PostgreSQL hashes it once.
 */
const SCAN = {
  name: "line",
  text: `
  SELECT a.place::int, n.due AS "nextDue", s.*
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) WITH ORDINALITY
    AS a (endpoint_id, now, after_due, after_message, place)
  ${NEXT}
  LEFT JOIN LATERAL (
    SELECT d.message_id AS "messageId", d.due, d.order_key AS "orderKey", (d.manual = ${ASKED.byResend})::int AS resent,
      e.message_id AS ahead, e.pass_at AS "passAt"
    FROM (SELECT * FROM delivery WHERE endpoint_id = a.endpoint_id AND due IS NOT NULL AND due <= a.now
            AND (due, message_id) > (a.after_due, a.after_message)
          ORDER BY due, message_id LIMIT ${MAX_SCANNED}) AS d
    LEFT JOIN LATERAL (
      SELECT e.message_id, e.pass_at FROM delivery e
      WHERE d.order_key IS NOT NULL AND d.manual <> ${ASKED.byResend} AND coalesce(d.pass_at > a.now, TRUE)
        AND e.endpoint_id = a.endpoint_id AND e.order_key = d.order_key AND e.message_id < d.message_id
        AND e.order_key IS NOT NULL AND e.due IS NOT NULL AND coalesce(e.pass_at > a.now, TRUE)
        AND (e.endpoint_id, e.message_id) NOT IN (SELECT * FROM unnest($5::bigint[], $6::bigint[]))
        AND (e.state = ${DELIVERY_STATE.pending} OR e.manual <> ${ASKED.byResend})
        AND (e.due <= a.now OR (e.state = ${DELIVERY_STATE.pending} AND e.attempts > 0))
      ORDER BY e.message_id DESC LIMIT 1) AS e ON TRUE) AS s ON TRUE`,
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

export interface DueAsk {
  readonly endpointId: number;
  readonly now: number;
  readonly limit: number;
  readonly wish: PageWish | undefined;
}

type LineWish = Extract<PageWish, { kind: "line" }>;
type LineAsk = DueAsk & { readonly wish: LineWish };

/** A row of a page: the columns of a delivery are `null` where there is none. */
type InPage<Row> = { readonly place: number; readonly nextDue: number | null } & (
  | Row
  | { readonly messageId: null; readonly due: null }
);

/**
 * Pages in the deliveries that are due of some endpoints, along the partial index of live rows: the longest waiting first, unless the
 * wish says otherwise. One statement for all that want the same order, whatever their number; two for those whose deliveries have an
 * order among themselves.
 */
export async function duePages(pool: Pool, asks: readonly DueAsk[]): Promise<readonly DuePage[]> {
  const pages = new Map<DueAsk, DuePage>();
  await withClient(pool, async (client) => {
    const lines = asks.filter((ask) => isLine(ask));
    const newest = asks.filter(({ wish }) => wish?.kind === "newest");
    const oldest = asks.filter(({ wish }) => wish === undefined);
    for (const [statement, of] of [
      [OLDEST, oldest],
      [NEWEST, newest],
    ] as const) {
      if (of.length > 0) await plainPages(client, statement, of, pages);
    }
    if (lines.length > 0) await linePages(client, lines, pages);
  });
  return asks.map((ask) => pages.get(ask)!);
}

function isLine(ask: DueAsk): ask is LineAsk {
  return ask.wish?.kind === "line";
}

async function plainPages(
  client: pg.ClientBase,
  { direction, ...statement }: ReturnType<typeof page>,
  asks: readonly DueAsk[],
  pages: Map<DueAsk, DuePage>,
): Promise<void> {
  const values = [
    asks.map(({ endpointId }) => endpointId),
    asks.map(({ now }) => now),
    // One more than there is room for, to know when it is due.
    asks.map(({ limit }) => limit + 1),
  ];
  const { rows } = await client.query<InPage<JobRow>>({ ...statement, values });
  for (const [index, { nextDue, found }] of rowsOf(asks, rows).entries()) {
    const ask = asks[index]!;
    if (direction === "DESC") found.reverse();
    const deliveries = found.slice(0, ask.limit).map(toDelivery);
    pages.set(ask, { deliveries, nextDue: found[ask.limit]?.due ?? nextDue });
  }
}

async function linePages(client: pg.ClientBase, asks: readonly LineAsk[], pages: Map<DueAsk, DuePage>): Promise<void> {
  const values = [
    asks.map(({ endpointId }) => endpointId),
    asks.map(({ now }) => now),
    asks.map(({ wish }) => wish.after.due),
    asks.map(({ wish }) => wish.after.messageId),
    asks.flatMap(({ endpointId, wish }) => wish.known.map(() => endpointId)),
    asks.flatMap(({ wish }) => wish.known),
  ];
  const { rows } = await client.query<InPage<Scanned & { readonly passAt: number | null }>>({ ...SCAN, values });
  const walked = rowsOf(asks, rows).map(({ nextDue, found }, index) => {
    const ask = asks[index]!;
    const walk = new LineWalk(ask.wish, ask.limit);
    for (const row of found) {
      if (walk.isFull) break;
      if (walk.see(row)) walk.notePassAt(row.passAt);
    }
    return { ask, nextDue, walk };
  });
  const jobs = await jobsOf(client, walked);
  for (const { ask, nextDue, walk } of walked) {
    // One that ended between the two looks is not there any more.
    const deliveries = walk.taken.flatMap(
      (id) => jobs.get(nameOf({ messageId: id, endpointId: ask.endpointId })) ?? [],
    );
    pages.set(ask, { deliveries: deliveries.map(toDelivery), nextDue, line: walk.page });
  }
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

interface Found<Row> {
  readonly nextDue: number | null;
  /** The longest waiting first. */
  readonly found: Row[];
}

/** The rows of each ask, in the order of the asks. */
function rowsOf<Row extends { readonly messageId: number; readonly due: number }>(
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

function toDelivery(row: JobRow): DueDelivery {
  const { messageId, publicId, endpointId, due, attempts, generation, trigger, contentType, orderingKey } = row;
  const { requestJson, payload, deliverUntil, deliverAt, orderKey, resent } = row;
  return {
    messageId,
    publicId,
    endpointId,
    due,
    attempts,
    generation,
    trigger,
    contentType,
    orderingKey,
    requestJson,
    payload,
    ...(deliverUntil === undefined ? {} : { deliverUntil }),
    firstDue: deliverAt ?? timeOfKey(messageId),
    ...(orderKey === undefined ? {} : { orderKey }),
    resent: resent === 1,
  };
}
