/** Records arrivals of a source, and announces that an inactive source has recovered. */
import { foldArrivals } from "../../activity/fold.ts";
import type { Arrivals, Activity } from "../../activity/activity.ts";
import { timeOfInactivity, type InactivityRule } from "../../activity/inactivity.ts";
import type { Services } from "../context.ts";
import { announceSource } from "../source/announce.ts";

/** Rule of sources without their own rule. */
export const DEFAULT_RULE: InactivityRule = { mode: "learned" };

/** @param upSince When the server began to receive without interruption, in Unix milliseconds. */
export async function recordArrivals(
  services: Services,
  sourceKey: number,
  arrivals: Arrivals,
  upSince: number,
): Promise<void> {
  await services.store.transaction(async (tx) => {
    const row = await tx.db
      .selectFrom("source_activity")
      .selectAll()
      .where("source_id", "=", sourceKey)
      .executeTakeFirst();
    const rule = row === undefined ? DEFAULT_RULE : (JSON.parse(row.rule_json) as InactivityRule);
    const known = row?.activity_json ?? null;
    const activity = foldArrivals(known === null ? null : (JSON.parse(known) as Activity), arrivals, upSince);
    const columns = {
      activity_json: JSON.stringify(activity),
      last_at: activity.lastAt,
      inactive_at: timeOfInactivity(activity, rule, Math.max(activity.lastAt, upSince)),
      inactive_since: null,
    };
    await tx.db
      .insertInto("source_activity")
      .values({ source_id: sourceKey, rule_json: JSON.stringify(rule), counted_from: 0, ...columns })
      .onConflict((conflict) => conflict.column("source_id").doUpdateSet(columns))
      .execute();
    const inactiveSince = row?.inactive_since ?? null;
    if (inactiveSince === null) return;
    await announceSource(services, tx, sourceKey, "source.recovered", {
      lastReceivedAt: isoOrNull(row?.last_at ?? null),
      inactiveSince: new Date(inactiveSince).toISOString(),
      recoveredAt: new Date(arrivals.firstAt).toISOString(),
    });
  }, "activity.record");
}

export function isoOrNull(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
