import type pg from "pg";
import { timeOfKey } from "../../../id.ts";
import { INLINE_PAYLOAD_BYTES, LineWalk, MAX_SCANNED, type Scanned } from "../../line-walk.ts";
import { ASKED, DELIVERY_STATE } from "../../schema.ts";
import type { DueDelivery, DuePage, PageWish } from "../../store.ts";
import { type Pool, withClient } from "../connections.ts";

type JobRow = Omit<DueDelivery, "firstDue" | "resent"> & { readonly deliverAt: number | null; readonly resent: number };

const JOB_COLUMNS = `
  d.message_id AS "messageId", m.public_id AS "publicId", d.endpoint_id AS "endpointId", d.due, d.attempts, d.generation,
  least(d.manual, 1) AS "trigger", d.manual = ${ASKED.byResend} AS resent, d.order_key AS "orderKey",
  m.content_type AS "contentType", m.ordering_key AS "orderingKey", m.request_json AS "requestJson",
  m.deliver_until AS "deliverUntil", m.deliver_at AS "deliverAt",
  CASE WHEN length(m.payload) <= ${INLINE_PAYLOAD_BYTES} THEN m.payload END AS payload`;

const page = (direction: "ASC" | "DESC") => ({
  name: `due ${direction}`,
  text: `
  SELECT ${JOB_COLUMNS}
  FROM (SELECT * FROM delivery WHERE endpoint_id = $1 AND due IS NOT NULL AND due <= $2
        ORDER BY due ${direction}, message_id ${direction} LIMIT $3) AS d
  JOIN message m ON m.id = d.message_id
  ORDER BY d.due ${direction}, d.message_id ${direction}`,
});
const OLDEST = page("ASC");
const NEWEST = page("DESC");

const NEXT = {
  name: "next due",
  text: "SELECT min(due) AS due FROM delivery WHERE endpoint_id = $1 AND due IS NOT NULL AND due > $2",
};

/**
 * Who is before a delivery: those that are due, or failed and will be tried again; not those that were put off by whoever sent them,
 * nor those that have blocked for long enough, nor what somebody sends once more although it has ended.
 */
const SCAN = {
  name: "line",
  text: `
  SELECT d.message_id AS "messageId", d.due, d.order_key AS "orderKey", (d.manual = ${ASKED.byResend})::int AS resent,
    e.message_id AS ahead, e.pass_at AS "passAt"
  FROM (SELECT * FROM delivery WHERE endpoint_id = $1 AND due IS NOT NULL AND due <= $2 AND (due, message_id) > ($3, $4)
        ORDER BY due, message_id LIMIT ${MAX_SCANNED}) AS d
  LEFT JOIN LATERAL (
    SELECT e.message_id, e.pass_at FROM delivery e
    WHERE d.order_key IS NOT NULL AND d.manual <> ${ASKED.byResend} AND coalesce(d.pass_at > $2, TRUE)
      AND e.endpoint_id = $1 AND e.order_key = d.order_key AND e.message_id < d.message_id
      AND e.order_key IS NOT NULL AND e.due IS NOT NULL AND coalesce(e.pass_at > $2, TRUE)
      AND (e.state = ${DELIVERY_STATE.pending} OR e.manual <> ${ASKED.byResend})
      AND (e.due <= $2 OR (e.state = ${DELIVERY_STATE.pending} AND e.attempts > 0))
    ORDER BY e.message_id DESC LIMIT 1) AS e ON TRUE
  ORDER BY d.due, d.message_id`,
};

const JOBS = {
  name: "jobs of a line",
  text: `
  SELECT ${JOB_COLUMNS} FROM delivery d JOIN message m ON m.id = d.message_id
  WHERE d.message_id = ANY ($1::bigint[]) AND d.endpoint_id = $2 AND d.due IS NOT NULL`,
};

export interface DueAsk {
  readonly endpointId: number;
  readonly now: number;
  readonly limit: number;
  readonly wish: PageWish | undefined;
}

/**
 * Pages in the deliveries of one endpoint that are due, along the partial index of live rows: the longest waiting first, unless the
 * wish says otherwise.
 */
export function due(pool: Pool, { endpointId, now, limit, wish }: DueAsk): Promise<DuePage> {
  return withClient(pool, async (client) => {
    if (wish?.kind === "line") return linePage(client, wish, { endpointId, now, limit });
    const statement = wish?.kind === "newest" ? NEWEST : OLDEST;
    const { rows } = await client.query<JobRow>({ ...statement, values: [endpointId, now, limit + 1] });
    if (rows.length > limit) return { deliveries: rows.slice(0, limit).map(toDelivery), nextDue: rows[limit]!.due };
    return { deliveries: rows.map(toDelivery), nextDue: await nextDue(client, endpointId, now) };
  });
}

async function linePage(
  client: pg.ClientBase,
  wish: Extract<PageWish, { kind: "line" }>,
  { endpointId, now, limit }: Omit<DueAsk, "wish">,
): Promise<DuePage> {
  const { after } = wish;
  const values = [endpointId, now, after.due, after.messageId];
  const scanned = await client.query<Scanned & { passAt: number | null }>({ ...SCAN, values });
  const walk = new LineWalk(wish, limit);
  for (const row of scanned.rows) {
    if (walk.isFull) break;
    if (walk.see(row)) walk.notePassAt(row.passAt);
  }
  const { rows } = await client.query<JobRow>({ ...JOBS, values: [walk.taken, endpointId] });
  // One that ended between the two looks is not there any more.
  const jobs = new Map(rows.map((row) => [row.messageId, row]));
  const deliveries = walk.taken.flatMap((id) => jobs.get(id) ?? []);
  return { deliveries: deliveries.map(toDelivery), nextDue: await nextDue(client, endpointId, now), line: walk.page };
}

async function nextDue(client: pg.ClientBase, endpointId: number, now: number): Promise<number | null> {
  const { rows } = await client.query<{ due: number | null }>({ ...NEXT, values: [endpointId, now] });
  return rows[0]!.due;
}

function toDelivery({ deliverAt, resent, ...row }: JobRow): DueDelivery {
  return { ...row, resent: resent === 1, firstDue: deliverAt ?? timeOfKey(row.messageId) };
}
