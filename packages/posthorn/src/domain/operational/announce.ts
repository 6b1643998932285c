import { sql, type SqlBool } from "kysely";
import { APPLICATION_KIND } from "../../store/schema.ts";
import { NAMED_ONLY, type OperationalEvent } from "./events.ts";
import type { Tx } from "../../store/tx.ts";

/** No endpoint has this key. An empty list would not be valid SQL. */
const NO_ENDPOINT = -1;

/**
 * Stores an operational event if an endpoint of the organisation subscribes to its type. Checks this in the transaction, so that an
 * endpoint created just before receives it. Returns whether the event was stored.
 */
export async function writeEvent(
  tx: Tx,
  { orgId, type, data, targets }: OperationalEvent,
  now: number,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx.db
    .insertInto("operational_event")
    .columns(["org_id", "type", "at", "due", "count", "data_json", "targets_json"])
    .expression((eb) =>
      eb
        .selectFrom("application")
        .select([
          sql.val(orgId).as("org_id"),
          sql.val<string>(type).as("type"),
          sql.val(now).as("at"),
          sql.val(now).as("due"),
          sql.lit(1).as("count"),
          sql.val(JSON.stringify(data)).as("data_json"),
          sql<string | null>`CAST(${targets === undefined ? null : JSON.stringify(targets)} AS TEXT)`.as(
            "targets_json",
          ),
        ])
        .where("org_id", "=", orgId)
        .where("kind", "=", sql.lit(APPLICATION_KIND.operational))
        .where("deleted_at", "is", null)
        .where(({ exists, selectFrom }) =>
          exists(
            selectFrom("endpoint")
              .select("endpoint.id")
              .whereRef("endpoint.app_id", "=", "application.id")
              .where("endpoint.deleted_at", "is", null)
              .$if(targets !== undefined, (named) => named.where("endpoint.id", "in", [NO_ENDPOINT, ...targets!]))
              .$if(targets === undefined, (subscribed) =>
                subscribed.where(({ or, eb: compare }) =>
                  or([
                    ...(NAMED_ONLY.has(type) ? [] : [compare("endpoint.event_types_json", "is", null)]),
                    sql<SqlBool>`instr(${sql.ref("endpoint.event_types_json")}, ${JSON.stringify(type)}) > 0`,
                  ]),
                ),
              ),
          ),
        )
        .limit(1),
    )
    .executeTakeFirst();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}
