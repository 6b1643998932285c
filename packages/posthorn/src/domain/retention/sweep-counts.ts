/** Deletes expired statistics. They are small, so they are kept longer than the messages and attempts they count. */
import type { Services } from "../context.ts";
import { oldestMinute } from "../stats/minutes.ts";
import { HOUR_MS } from "../stats/roll-up.ts";
import { DAY_MS } from "../storage/day.ts";
import { messageMs, type SweepOptions } from "./retention.ts";

/** Statistics are kept for this long. */
const STATISTICS_MS = 400 * DAY_MS;
const STEP = 500;

export async function sweepCounts(services: Services, { periods, signal, pause }: SweepOptions): Promise<void> {
  const { store } = services;
  const now = services.now();
  const oldest = Math.floor((now - STATISTICS_MS) / HOUR_MS);
  for (let deleted = STEP; deleted === STEP && !signal.aborted;) {
    const rows = await store.db
      .selectFrom("rollup")
      .select(["org_id", "app_id", "endpoint_id", "hour"])
      .where("hour", "<", oldest)
      .limit(STEP)
      .execute();
    deleted = rows.length;
    if (deleted === 0) break;
    await store.transaction(async ({ db }) => {
      for (const { org_id, app_id, endpoint_id, hour } of rows) {
        await db
          .deleteFrom("rollup")
          .where("org_id", "=", org_id)
          .where("app_id", "=", app_id)
          .where("endpoint_id", "=", endpoint_id)
          .where("hour", "=", hour)
          .execute();
      }
    }, "retention.sweep-counts");
    await pause();
  }
  const minute = oldestMinute(now);
  await store.transaction(
    ({ db }) => db.deleteFrom("rollup_minute").where("minute", "<", minute).execute(),
    "retention.sweep-counts",
  );
  // Only pending deliveries remain of these days.
  const gone = Math.floor((now - Math.max(periods.failureMs, messageMs(periods))) / DAY_MS) - 1;
  await store.transaction(
    ({ db }) => db.deleteFrom("storage_day").where("day", "<", gone).execute(),
    "retention.sweep-counts",
  );
}
