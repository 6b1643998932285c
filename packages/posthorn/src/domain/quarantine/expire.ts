import { keyAtTime } from "../../lib/id.ts";
import type { Services } from "../context.ts";

/** Rows deleted in one transaction, few enough not to delay publishing. */
const STEP = 500;

/** Deletes quarantined requests after the payload retention period, and expired tokens and secrets of sources. */
export async function expireInbound(services: Services, keptMs: number, signal: AbortSignal): Promise<void> {
  const { store, now } = services;
  await store.transaction(async ({ db }) => {
    for (const table of ["source_token", "source_secret"] as const) {
      await db.deleteFrom(table).where("expires_at", "<=", now()).execute();
    }
  }, "quarantine.expire");
  const before = keyAtTime(now() - keptMs);
  while (!signal.aborted) {
    const { numDeletedRows } = await store.transaction(
      ({ db }) =>
        db
          .deleteFrom("quarantine")
          .where("id", "in", (eb) =>
            eb.selectFrom("quarantine").select("id").where("id", "<", before).orderBy("id").limit(STEP),
          )
          .executeTakeFirstOrThrow(),
      "quarantine.expire",
    );
    if (numDeletedRows < STEP) return;
  }
}
