/** Finds sources that have become inactive, and records since when a server has been receiving. */
import { expectedEvents, profileOf } from "../../activity/profile.ts";
import type { Activity } from "../../activity/activity.ts";
import { timeOfInactivity, type InactivityRule } from "../../activity/inactivity.ts";
import type { Services } from "../context.ts";
import { announceSource } from "../source/announce.ts";
import { isoOrNull } from "./record.ts";

/** A longer interruption restarts the measurement: events may have been sent while no server was running. */
const BREAK_MS = 180_000;
/** Sources checked in one call. */
const STEP = 100;
const ONLY_ROW = 1;

/** Records that this node is receiving. Returns since when some node has been, without interruption. */
export async function recordUptime({ store, now }: Services): Promise<number> {
  const at = now();
  return store.transaction(async ({ db }) => {
    const row = await db.selectFrom("ingest_uptime").selectAll().where("id", "=", ONLY_ROW).executeTakeFirst();
    const isUnbroken = row !== undefined && at - row.seen_at <= BREAK_MS;
    const columns = { up_since: isUnbroken ? row.up_since : at, seen_at: at };
    await db
      .insertInto("ingest_uptime")
      .values({ id: ONLY_ROW, ...columns })
      .onConflict((conflict) => conflict.column("id").doUpdateSet(columns))
      .execute();
    return columns.up_since;
  }, "activity.find-inactive");
}

/** Announces sources that have become inactive. Returns how many. */
export async function findInactive(services: Services, upSince: number): Promise<number> {
  const now = services.now();
  const due = await services.store.db
    .selectFrom("source_activity")
    .select("source_id")
    .where("inactive_at", "<=", now)
    .where("inactive_at", "is not", null)
    .where("inactive_since", "is", null)
    .orderBy("inactive_at")
    .limit(STEP)
    .execute();
  let found = 0;
  for (const { source_id } of due) if (await checkSource(services, source_id, upSince, now)) found += 1;
  return found;
}

/** Checks again in the transaction: an event may have arrived since, or the server was down in between. */
function checkSource(services: Services, sourceKey: number, upSince: number, now: number): Promise<boolean> {
  return services.store.transaction(async (tx) => {
    const row = await tx.db
      .selectFrom("source_activity")
      .selectAll()
      .where("source_id", "=", sourceKey)
      .where("inactive_since", "is", null)
      .executeTakeFirst();
    if (row === undefined) return false;
    const activity = row.activity_json === null ? null : (JSON.parse(row.activity_json) as Activity);
    const quietFrom = Math.max(row.last_at ?? 0, row.counted_from, upSince);
    const at = timeOfInactivity(activity, JSON.parse(row.rule_json) as InactivityRule, quietFrom);
    const isInactive = at !== null && at <= now;
    const columns = isInactive ? { inactive_since: now } : { inactive_at: at };
    await tx.db.updateTable("source_activity").set(columns).where("source_id", "=", sourceKey).execute();
    if (!isInactive) return false;
    const expected = activity === null ? 0 : expectedEvents(profileOf(activity), quietFrom, now);
    return announceSource(services, tx, sourceKey, "source.inactive", {
      lastReceivedAt: isoOrNull(row.last_at),
      inactiveForSeconds: Math.round((now - quietFrom) / 1000),
      expectedEvents: Math.round(expected),
    });
  }, "activity.find-inactive");
}
