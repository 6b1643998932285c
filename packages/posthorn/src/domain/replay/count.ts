/** Counts the deliveries of many endpoints that a replay would send, in one query. */
import { type Kysely, sql } from "kysely";
import { type Database, DELIVERY_STATE, REQUESTED_BY } from "../../store/schema.ts";
import { indexedBy, orderedJoin } from "../../store/portable-sql.ts";
import { statusWordOf } from "../delivery/delivery.ts";
import { addReplayCounts, NO_COUNTS, NO_STATUSES, type ReplayCounts, type ReplayParams } from "./replay.ts";
import { asFlag, deliveryFits, inStatus, messageFits, ofMessages, PRESENT } from "./scan.ts";

export interface EndpointCounts extends ReplayCounts {
  readonly toSend: number;
}

export interface CountedDeliveries {
  readonly byEndpoint: ReadonlyMap<number, EndpointCounts>;
  /** Number of rows read: at most the limit. */
  readonly rows: number;
}

interface Group {
  endpoint_id: number;
  fits: number;
  in_status: number;
  present: number;
  state: number;
  attempted: number;
  requested: number;
  deliveries: number;
}

/** Counts up to `limit` deliveries of these endpoints. */
export async function countDeliveries(
  db: Kysely<Database>,
  params: ReplayParams,
  { endpoints, limit }: { readonly endpoints: readonly number[]; readonly limit: number },
): Promise<CountedDeliveries> {
  if (endpoints.length === 0) return { byEndpoint: new Map(), rows: 0 };
  const { filter, from, to } = params;
  const fits = asFlag([messageFits(filter), deliveryFits({ ...filter, statuses: null })]);
  const { rows } = await sql<Group>`
    SELECT endpoint_id, fits, in_status, present, state, attempted, requested, count(*) AS deliveries
    FROM (
      SELECT delivery.endpoint_id, delivery.state, ${fits} AS fits, ${asFlag([inStatus(filter)])} AS in_status,
             ${asFlag([PRESENT])} AS present, ${asFlag([sql`delivery.attempts > 0`])} AS attempted,
             ${asFlag([sql`delivery.manual <> ${REQUESTED_BY.schedule}`])} AS requested
      FROM (SELECT * FROM delivery ${indexedBy(db, "delivery_of_endpoint")}
            WHERE endpoint_id IN (${sql.join(endpoints)}) AND message_id >= ${from} AND message_id <= ${to}
                  ${ofMessages("message_id", filter)}
            LIMIT ${limit}) AS delivery
      ${orderedJoin(db)} message ON message.id = delivery.message_id) AS examined
    GROUP BY endpoint_id, fits, in_status, present, state, attempted, requested`.execute(db);
  const byEndpoint = new Map<number, EndpointCounts>();
  for (const group of rows) {
    const known = byEndpoint.get(group.endpoint_id) ?? { ...NO_COUNTS, toSend: 0 };
    const counts = countsOf(group);
    byEndpoint.set(group.endpoint_id, { ...addReplayCounts(known, counts), toSend: known.toSend + counts.toSend });
  }
  return { byEndpoint, rows: rows.reduce((sum, { deliveries }) => sum + deliveries, 0) };
}

function countsOf({ fits, in_status, present, state, attempted, requested, deliveries }: Group): EndpointCounts {
  const counts = { ...NO_COUNTS, scanned: deliveries, toSend: 0 };
  if (fits === 0) return counts;
  if (in_status === 0) {
    const word = statusWordOf({ state, attempts: attempted, due: null });
    return { ...counts, otherStatus: { ...NO_STATUSES, [word]: deliveries } };
  }
  const matched = { ...counts, matched: deliveries };
  if (present === 0) return { ...matched, payloadGone: deliveries };
  const isDue = requested === 1 || (state === DELIVERY_STATE.pending && attempted === 0);
  return isDue ? { ...matched, alreadyDue: deliveries } : { ...matched, toSend: deliveries };
}
