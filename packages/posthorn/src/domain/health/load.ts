import { sql } from "kysely";
import { keyAtTime } from "../../lib/id.ts";
import { ATTEMPT_STATUS } from "../../store/schema.ts";
import type { Store } from "../../store/store.ts";
import { wasSent } from "../attempt/sent.ts";
import type { Services } from "../context.ts";
import type { FailureRate, Streak } from "./streak.ts";

/** Rows looked at for one rate. */
const MAX_ATTEMPTS = 10_000;

/**
 * How endpoints failed when an earlier run ended. One that succeeded after its row was written is left out: the row is written from
 * time to time only, and the process may have died in between.
 */
export async function loadStreaks(
  { store }: Services,
  isWanted: (endpointKey: number) => boolean,
): Promise<readonly (readonly [number, Streak | null])[]> {
  const rows = await store.db.selectFrom("endpoint_failure").selectAll().execute();
  const loaded: (readonly [number, Streak | null])[] = [];
  for (const { endpoint_id, since, failures, last_at, warned, updated_at } of rows) {
    if (!isWanted(endpoint_id)) continue;
    const success = await store.db
      .selectFrom("attempt")
      .select("id")
      .where("endpoint_id", "=", endpoint_id)
      .where("id", ">=", keyAtTime(updated_at))
      .where("status", "=", ATTEMPT_STATUS.success)
      .limit(1)
      .executeTakeFirst();
    loaded.push([endpoint_id, success === undefined ? { since, failures, lastAt: last_at, warned } : null]);
  }
  return loaded;
}

/** The attempts of an endpoint since a time for which something was sent, the newest 10,000 of them. */
export async function failureRate(store: Store, endpointKey: number, since: number): Promise<FailureRate> {
  const row = await store.db
    .selectFrom((eb) =>
      eb
        .selectFrom("attempt")
        .select("status")
        .where("endpoint_id", "=", endpointKey)
        .where("id", ">=", keyAtTime(since))
        .where(wasSent)
        .orderBy("id", "desc")
        .limit(MAX_ATTEMPTS)
        .as("recent"),
    )
    .select((eb) => [
      eb.fn.countAll<number>().as("attempts"),
      sql<number>`count(*) FILTER (WHERE ${sql.ref("recent.status")} = ${sql.lit(ATTEMPT_STATUS.fail)})`.as("failures"),
    ])
    .executeTakeFirstOrThrow();
  return { attempts: row.attempts, failures: row.failures };
}
