/** Takes up when a source was heard, and hears it again when it was silent. */
import { foldArrivals } from "../../activity/fold.ts";
import type { Arrivals, Rhythm } from "../../activity/activity.ts";
import { silentAt, type SilenceRule } from "../../activity/inactivity.ts";
import type { Services } from "../context.ts";
import { announceSource } from "../source/announce.ts";

/** How silence is told unless a source says otherwise. */
export const DEFAULT_RULE: SilenceRule = { mode: "learned" };

/** @param listenedFrom Unix milliseconds: since when the server has listened without a break. */
export async function recordArrivals(
  services: Services,
  sourceKey: number,
  arrivals: Arrivals,
  listenedFrom: number,
): Promise<void> {
  await services.store.transaction(async (tx) => {
    const row = await tx.db
      .selectFrom("source_rhythm")
      .selectAll()
      .where("source_id", "=", sourceKey)
      .executeTakeFirst();
    const rule = row === undefined ? DEFAULT_RULE : (JSON.parse(row.rule_json) as SilenceRule);
    const known = row?.rhythm_json ?? null;
    const rhythm = foldArrivals(known === null ? null : (JSON.parse(known) as Rhythm), arrivals, listenedFrom);
    const columns = {
      rhythm_json: JSON.stringify(rhythm),
      last_at: rhythm.lastAt,
      silent_at: silentAt(rhythm, rule, Math.max(rhythm.lastAt, listenedFrom)),
      silent_since: null,
    };
    await tx.db
      .insertInto("source_rhythm")
      .values({ source_id: sourceKey, rule_json: JSON.stringify(rule), counted_from: 0, ...columns })
      .onConflict((conflict) => conflict.column("source_id").doUpdateSet(columns))
      .execute();
    const silentSince = row?.silent_since ?? null;
    if (silentSince === null) return;
    await announceSource(services, tx, sourceKey, "source.recovered", {
      lastReceivedAt: isoOrNull(row?.last_at ?? null),
      silentSince: new Date(silentSince).toISOString(),
      recoveredAt: new Date(arrivals.firstAt).toISOString(),
    });
  }, "rhythm.record");
}

export function isoOrNull(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
