import type { Kysely } from "kysely";
import type { Database } from "../../store/schema.ts";

/** The watches that are not paused. */
export async function listActive(
  db: Kysely<Database>,
): Promise<readonly { readonly key: number; readonly appKey: number }[]> {
  const rows = await db.selectFrom("watch").select(["id", "app_id"]).where("paused", "=", 0).execute();
  return rows.map(({ id, app_id }) => ({ key: id, appKey: app_id }));
}
