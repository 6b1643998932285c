/** Finds the sources that have fallen silent, and knows for how long anybody has been listening. */
import { expectedEvents, profileOf } from "../../activity/profile.ts";
import type { Rhythm } from "../../activity/activity.ts";
import { silentAt, type SilenceRule } from "../../activity/inactivity.ts";
import type { Services } from "../context.ts";
import { announceSource } from "../source/announce.ts";
import { isoOrNull } from "./record.ts";

/** A break in listening that is longer than this is one: what was not heard in it was not necessarily not said. */
const BREAK_MS = 180_000;
/** Sources looked at in one go. */
const STEP = 100;
const ONLY_ROW = 1;

/** Says that this node listens. Returns since when some node has, without a break. */
export async function keepListening({ store, now }: Services): Promise<number> {
  const at = now();
  return store.transaction(async ({ db }) => {
    const row = await db.selectFrom("source_watch").selectAll().where("id", "=", ONLY_ROW).executeTakeFirst();
    const isUnbroken = row !== undefined && at - row.seen_at <= BREAK_MS;
    const columns = { listened_from: isUnbroken ? row.listened_from : at, seen_at: at };
    await db
      .insertInto("source_watch")
      .values({ id: ONLY_ROW, ...columns })
      .onConflict((conflict) => conflict.column("id").doUpdateSet(columns))
      .execute();
    return columns.listened_from;
  }, "rhythm.watch");
}

/** Announces the sources that are silent by now. Returns how many. */
export async function findSilent(services: Services, listenedFrom: number): Promise<number> {
  const now = services.now();
  const due = await services.store.db
    .selectFrom("source_rhythm")
    .select("source_id")
    .where("silent_at", "<=", now)
    .where("silent_at", "is not", null)
    .where("silent_since", "is", null)
    .orderBy("silent_at")
    .limit(STEP)
    .execute();
  let found = 0;
  for (const { source_id } of due) if (await judge(services, source_id, listenedFrom, now)) found += 1;
  return found;
}

/** Looks again: it may have been heard meanwhile, or nobody listened. */
function judge(services: Services, sourceKey: number, listenedFrom: number, now: number): Promise<boolean> {
  return services.store.transaction(async (tx) => {
    const row = await tx.db
      .selectFrom("source_rhythm")
      .selectAll()
      .where("source_id", "=", sourceKey)
      .where("silent_since", "is", null)
      .executeTakeFirst();
    if (row === undefined) return false;
    const rhythm = row.rhythm_json === null ? null : (JSON.parse(row.rhythm_json) as Rhythm);
    const quietFrom = Math.max(row.last_at ?? 0, row.counted_from, listenedFrom);
    const at = silentAt(rhythm, JSON.parse(row.rule_json) as SilenceRule, quietFrom);
    const isSilent = at !== null && at <= now;
    const columns = isSilent ? { silent_since: now } : { silent_at: at };
    await tx.db.updateTable("source_rhythm").set(columns).where("source_id", "=", sourceKey).execute();
    if (!isSilent) return false;
    const expected = rhythm === null ? 0 : expectedEvents(profileOf(rhythm, rhythm.lastAt), quietFrom, now);
    return announceSource(services, tx, sourceKey, "source.silent", {
      lastReceivedAt: isoOrNull(row.last_at),
      quietSeconds: Math.round((now - quietFrom) / 1000),
      expectedEvents: Math.round(expected),
    });
  }, "rhythm.watch");
}
