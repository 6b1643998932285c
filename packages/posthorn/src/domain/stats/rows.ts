/** Converts and stores hourly statistics as rows. */
import { type Insertable, type Kysely, sql, type SqlBool } from "kysely";
import type { CountColumns, RollupTable } from "../../store/statistics-schema.ts";
import type { Database } from "../../store/schema.ts";
import { decodeHistogram, encodeHistogram } from "./histogram.ts";
import { addCounts, type Counts, type Place, type Tally } from "./tally.ts";

/** Rows per statement, below the parameter limit of every database. */
const ROWS = 200;

export function countsOf(row: CountColumns): Counts {
  return {
    messages: row.messages,
    attemptsOk: row.attempts_ok,
    attemptsFailed: row.attempts_failed,
    firstTry: row.first_try,
    later: row.later,
    exhausted: row.exhausted,
    latency: decodeHistogram(row.latency_json),
    duration: decodeHistogram(row.duration_json),
  };
}

export function columnsOf(counts: Counts): CountColumns {
  return {
    messages: counts.messages,
    attempts_ok: counts.attemptsOk,
    attempts_failed: counts.attemptsFailed,
    first_try: counts.firstTry,
    later: counts.later,
    exhausted: counts.exhausted,
    latency_json: encodeHistogram(counts.latency),
    duration_json: encodeHistogram(counts.duration),
  };
}

function rowOf({ orgId, appId, endpointId }: Place, hour: number, counts: Counts): Insertable<RollupTable> {
  return { org_id: orgId, app_id: appId, endpoint_id: endpointId, hour, ...columnsOf(counts) };
}

/** Adds the counts of a step to the rows of an hour. Another node may count too, so read and write them in one transaction. */
export async function mergedRows(
  db: Kysely<Database>,
  tally: Tally,
  hour: number,
): Promise<readonly Insertable<RollupTable>[]> {
  const merged: Insertable<RollupTable>[] = [];
  const { entries } = tally;
  for (let start = 0; start < entries.length; start += ROWS) {
    const chunk = entries.slice(start, start + ROWS);
    const places = chunk.map(({ place }) => {
      const { orgId, appId, endpointId } = place;
      return sql`(${sql.lit(orgId)}, ${sql.lit(appId)}, ${sql.lit(endpointId)}, ${sql.lit(hour)})`;
    });
    const stored = await db
      .selectFrom("rollup")
      .selectAll()
      .where(sql<SqlBool>`(org_id, app_id, endpoint_id, hour) IN (VALUES ${sql.join(places)})`)
      .execute();
    const known = new Map(stored.map((row) => [`${row.org_id}/${row.app_id}/${row.endpoint_id}`, row]));
    for (const { place, counts } of chunk) {
      const before = known.get(`${place.orgId}/${place.appId}/${place.endpointId}`);
      const sum = before === undefined ? counts : countsOf(before);
      // Do not change the counts to add, because the transaction may be retried.
      if (sum !== counts) addCounts(sum, counts);
      merged.push(rowOf(place, hour, sum));
    }
  }
  return merged;
}

export async function saveRows(db: Kysely<Database>, rows: readonly Insertable<RollupTable>[]): Promise<void> {
  for (let start = 0; start < rows.length; start += ROWS) {
    await db
      .insertInto("rollup")
      .values(rows.slice(start, start + ROWS))
      .onConflict((conflict) =>
        conflict.columns(["org_id", "app_id", "endpoint_id", "hour"]).doUpdateSet((eb) => ({
          messages: eb.ref("excluded.messages"),
          attempts_ok: eb.ref("excluded.attempts_ok"),
          attempts_failed: eb.ref("excluded.attempts_failed"),
          first_try: eb.ref("excluded.first_try"),
          later: eb.ref("excluded.later"),
          exhausted: eb.ref("excluded.exhausted"),
          latency_json: eb.ref("excluded.latency_json"),
          duration_json: eb.ref("excluded.duration_json"),
        })),
      )
      .execute();
  }
}
