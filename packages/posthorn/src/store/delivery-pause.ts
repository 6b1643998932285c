/** Reads whether the deliveries of the whole server are paused. */
import type { Kysely } from "kysely";
import type { DeliveryPauseReason } from "./server-schema.ts";
import type { Database } from "./schema.ts";

/** Times are Unix milliseconds. */
export interface PausedDeliveries {
  readonly reason: DeliveryPauseReason;
  readonly since: number;
  readonly backupAt: number;
}

/** Returns `null` if deliveries are not paused. */
export async function readDeliveryPause(db: Kysely<Database>): Promise<PausedDeliveries | null> {
  const row = await db.selectFrom("delivery_pause").selectAll().executeTakeFirst();
  return row === undefined ? null : { reason: row.reason, since: row.paused_at, backupAt: row.backup_at };
}
