import { keyAtTime } from "../../lib/id.ts";
import type { Services } from "../context.ts";

/** Rows deleted in one transaction: small enough that publishing does not notice. */
const STEP = 500;

/** Deletes what was in quarantine for as long as payloads are kept, and tokens and secrets of sources whose time is over. */
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
