import type { Tx } from "../../store/tx.ts";

/** Which of these sources exist. Counts of others, which were deleted in the meantime, are not stored. */
export async function existingSources({ db }: Tx, keys: readonly number[]): Promise<ReadonlySet<number>> {
  const rows = await db
    .selectFrom("source")
    .select("id")
    .where("id", "in", keys)
    .where("deleted_at", "is", null)
    .execute();
  return new Set(rows.map(({ id }) => id));
}
