/**
 * SQL condition for deliveries that are on hold. That is not stored: it follows from the current state of their endpoints and, for ordered
 * delivery, from the delivery before. `list-of-message.ts` determines the same for one delivery, with its reason.
 */
import { type RawBuilder, sql, type SqlBool } from "kysely";
import { APPLICATION_KIND, DELIVERY_STATE } from "../../store/schema.ts";
import { type Context, type OutsideContext, reader } from "../context.ts";
import { holdsAmong, holdCutoff } from "../endpoint/hold.ts";

/** Endpoints whose deliveries are on hold. */
export interface Holds {
  readonly at: number;
  /** Until a person acts. */
  readonly forever: readonly number[];
  /** Until a time, Unix milliseconds: deliveries due up to then are on hold. */
  readonly timed: readonly (readonly [endpointKey: number, dueBy: number])[];
}

/** Holds of these endpoints. */
export async function holdsOf(ctx: OutsideContext, endpointKeys: readonly number[]): Promise<Holds> {
  const { services } = ctx;
  const at = services.now();
  const forever: number[] = [];
  const timed: (readonly [number, number])[] = [];
  for (const [key, hold] of await holdsAmong(services, endpointKeys, at)) {
    const dueBy = holdCutoff(hold, at);
    if (dueBy === null) forever.push(key);
    else timed.push([key, dueBy]);
  }
  return { at, forever, timed };
}

/** Endpoints with unfinished deliveries, in one application or in the whole organisation. */
export async function endpointsWithBacklog(ctx: Context, appKey: number | null): Promise<readonly number[]> {
  let query = reader(ctx)
    .selectFrom("endpoint")
    .innerJoin("application", "application.id", "endpoint.app_id")
    .select("endpoint.id")
    .where("application.org_id", "=", ctx.actor.orgId)
    .where("application.kind", "<>", APPLICATION_KIND.operational)
    .where("application.deleted_at", "is", null)
    // One lookup per endpoint in the index of unfinished deliveries, however many there are.
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom("delivery")
          .select("delivery.due")
          .whereRef("delivery.endpoint_id", "=", "endpoint.id")
          .where("delivery.due", "is not", null),
      ),
    );
  if (appKey !== null) query = query.where("endpoint.app_id", "=", appKey);
  const rows = await query.execute();
  return rows.map(({ id }) => id);
}

/** SQL condition: a row of `delivery` is on hold. */
export function isHeld({ at, forever, timed }: Holds): RawBuilder<SqlBool> {
  const endpoint = sql.ref("delivery.endpoint_id");
  const due = sql.ref("delivery.due");
  const conditions = [waitsInOrder(at)];
  if (forever.length > 0) conditions.push(sql`${endpoint} IN (${list(forever)})`);
  if (timed.length > 0) {
    const ends = sql.join(timed.map(([key, dueBy]) => sql`(${sql.lit(key)}, ${sql.lit(dueBy)})`));
    const ended = sql`EXISTS (SELECT 1 FROM (VALUES ${ends}) AS hold WHERE column1 = ${endpoint} AND ${due} <= column2)`;
    const keys = list(timed.map(([key]) => key));
    conditions.push(sql`(${endpoint} IN (${keys}) AND (${due} <= ${sql.lit(at)} OR ${ended}))`);
  }
  return sql<SqlBool>`(${due} IS NOT NULL AND (${sql.join(conditions, sql` OR `)}))`;
}

/** An earlier delivery of the same key failed, and is retried first. */
function waitsInOrder(at: number): RawBuilder<unknown> {
  const now = sql.lit(at);
  return sql`(delivery.order_key IS NOT NULL AND delivery.due <= ${now} AND EXISTS (
    SELECT 1 FROM delivery AS earlier
    WHERE earlier.endpoint_id = delivery.endpoint_id AND earlier.order_key = delivery.order_key
      AND earlier.message_id < delivery.message_id AND earlier.due IS NOT NULL
      AND earlier.state = ${sql.lit(DELIVERY_STATE.pending)} AND earlier.attempts > 0
      AND (earlier.pass_at IS NULL OR earlier.pass_at > ${now})))`;
}

/** Row keys as literals: they are integers, and the number of parameters is limited. */
function list(keys: readonly number[]): RawBuilder<unknown> {
  return sql.join(keys.map((key) => sql.lit(key)));
}
