/** Deletes watches. */
import type { Tx } from "../../store/tx.ts";

/** Deletes all watches of an application. */
export async function removeWatchesOf(tx: Tx, appKey: number): Promise<void> {
  const rows = await tx.db.selectFrom("watch").select("id").where("app_id", "=", appKey).execute();
  await removeWatches(
    tx,
    rows.map(({ id }) => id),
  );
}

export async function removeWatches({ db, signal }: Tx, keys: readonly number[]): Promise<void> {
  for (const key of keys) {
    await db.deleteFrom("watch_key").where("watch_id", "=", key).execute();
    await db.deleteFrom("watch").where("id", "=", key).execute();
    signal({ kind: "condition", key });
  }
}
