import { sql } from "kysely";
import { keyAtTime } from "../../lib/id.ts";
import { ATTEMPT_STATUS } from "../../store/schema.ts";
import type { Store } from "../../store/store.ts";
import { wasSent } from "../attempt/sent.ts";
import type { Services } from "../context.ts";
import type { FailureRate, Streak } from "./streak.ts";

/** Attempts that are counted for one rate. */
const MAX_ATTEMPTS = 10_000;

/**
 * Failure streaks of endpoints when an earlier run ended. `null` for an endpoint that succeeded after its row was written: rows are written
 * only from time to time, and the process may have ended in between.
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

/** Counts the attempts of an endpoint since a time that sent a request, at most the newest 10,000. */
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
