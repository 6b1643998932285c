import { sql, type SqlBool } from "kysely";
import type { Tx } from "../../store/tx.ts";

/** Bounds of one source. The oldest requests are deleted first. */
export const MAX_REQUESTS = 1000;
export const MAX_BYTES = 32 * 1024 * 1024;

/** Deletes the oldest requests of a source beyond its bounds. */
export async function trimQuarantine({ db }: Tx, sourceKey: number): Promise<void> {
  const ranked = sql`SELECT id, ROW_NUMBER() OVER (ORDER BY id DESC) AS place,
    SUM(CASE WHEN body IS NULL THEN 0 ELSE body_bytes END) OVER (ORDER BY id DESC) AS bytes
    FROM quarantine WHERE source_id = ${sourceKey}`;
  await db
    .deleteFrom("quarantine")
    .where("source_id", "=", sourceKey)
    .where(
      sql<SqlBool>`id IN (SELECT id FROM (${ranked}) AS ranked WHERE place > ${MAX_REQUESTS} OR bytes > ${MAX_BYTES})`,
    )
    .execute();
}
