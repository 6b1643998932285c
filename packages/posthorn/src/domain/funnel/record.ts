/** Writes the results of the requests and events of sources, by hour. */
import type { Services } from "../context.ts";
import { HOUR_MS } from "../stats/roll-up.ts";
import { existingSources } from "../source/existing.ts";

/** Results of an inbound request or event. `routed` events also count as `stored`. */
export const FUNNEL_STEPS = ["stored", "routed", "duplicates", "quarantined"] as const;
export type FunnelStep = (typeof FUNNEL_STEPS)[number];

/** Counts of a source in one hour. */
export interface FunnelHour extends Readonly<Record<FunnelStep, number>> {
  readonly sourceKey: number;
  /** Hours since 1970. */
  readonly hour: number;
}

/** Days for which hours are kept. */
export const FUNNEL_DAYS = 31;
/** Hours written in one transaction, so that others can write in between. */
export const FUNNEL_CHUNK = 200;

/**
 * Adds to the counts, some in each transaction, and deletes hours of the same sources that are too old. A failure ends it; `onWritten` was called
 * with the hours that were written before. Each source has an hour once.
 */
export async function recordFunnel(
  services: Services,
  hours: readonly FunnelHour[],
  onWritten: (hours: readonly FunnelHour[]) => void = () => undefined,
): Promise<void> {
  for (let from = 0; from < hours.length; from += FUNNEL_CHUNK) {
    const chunk = hours.slice(from, from + FUNNEL_CHUNK);
    await recordChunk(services, chunk);
    onWritten(chunk);
  }
}

async function recordChunk({ store, now }: Services, hours: readonly FunnelHour[]): Promise<void> {
  const oldest = Math.floor(now() / HOUR_MS) - FUNNEL_DAYS * 24;
  const keys = [...new Set(hours.map(({ sourceKey }) => sourceKey))];
  await store.transaction(async (tx) => {
    const { db } = tx;
    const existing = await existingSources(tx, keys);
    const values = hours
      .filter(({ sourceKey }) => existing.has(sourceKey))
      .map(({ sourceKey, ...counts }) => ({ source_id: sourceKey, ...counts }));
    if (values.length > 0) {
      await db
        .insertInto("source_hour")
        .values(values)
        .onConflict((conflict) =>
          conflict.columns(["source_id", "hour"]).doUpdateSet((eb) => ({
            stored: eb("source_hour.stored", "+", eb.ref("excluded.stored")),
            routed: eb("source_hour.routed", "+", eb.ref("excluded.routed")),
            duplicates: eb("source_hour.duplicates", "+", eb.ref("excluded.duplicates")),
            quarantined: eb("source_hour.quarantined", "+", eb.ref("excluded.quarantined")),
          })),
        )
        .execute();
    }
    await db.deleteFrom("source_hour").where("source_id", "in", keys).where("hour", "<", oldest).execute();
  }, "ingest.funnel");
}
