/** Counts per minute for a whole organisation, kept for 3 hours. Used by charts of the last hour. */
import { type Kysely, type RawBuilder, sql } from "kysely";
import { KEY_TIME } from "../../lib/id.ts";
import type { Database } from "../../store/schema.ts";
import { columnsOf, countsOf } from "./rows.ts";
import { addCounts, type Counts, noCounts, type Place } from "./tally.ts";

export const MINUTE_MS = 60_000;
/** Minutes are kept for this long. */
export const MINUTES_MS: number = 3 * 3_600_000;

interface Minute {
  readonly orgId: number;
  readonly minute: number;
  readonly counts: Counts;
}

/** Counts per minute added by one roll-up step. */
export class MinuteTally {
  readonly #minutes = new Map<string, Minute>();
  readonly #oldest: number;

  /** @param now Unix milliseconds. Minutes older than the retention of minutes are not counted. */
  constructor(now: number) {
    this.#oldest = oldestMinute(now);
  }

  /** Counts of a minute (since 1970); `null` if it is no longer kept, or the places do not start with an organisation. */
  at([place]: readonly Place[], minute: number): Counts | null {
    if (place?.appId !== 0 || minute < this.#oldest) return null;
    const { orgId } = place;
    const name = `${orgId}/${minute}`;
    let entry = this.#minutes.get(name);
    if (entry === undefined) {
      entry = { orgId, minute, counts: noCounts() };
      this.#minutes.set(name, entry);
    }
    return entry.counts;
  }

  get entries(): readonly Minute[] {
    return [...this.#minutes.values()];
  }
}

/** The first complete minute that is kept. */
export function oldestMinute(now: number): number {
  return Math.ceil((now - MINUTES_MS) / MINUTE_MS);
}

/** Minute (since 1970) in which the key in a column was assigned. */
export function minuteOf(column: "message.id"): RawBuilder<number> {
  const { perSecond, epoch } = KEY_TIME;
  return sql<number>`((${sql.ref(column)} / ${sql.lit(perSecond)}) + ${sql.lit(epoch)}) / 60`;
}

/** Adds the counts. Must run in the transaction that advances the cursor, so that nothing is counted twice. */
export async function saveMinutes(db: Kysely<Database>, tally: MinuteTally): Promise<void> {
  for (const { orgId, minute, counts } of tally.entries) {
    const key = { org_id: orgId, minute };
    const before = await db
      .selectFrom("rollup_minute")
      .selectAll()
      .where("org_id", "=", orgId)
      .where("minute", "=", minute)
      .executeTakeFirst();
    if (before !== undefined) addCounts(counts, countsOf(before));
    const columns = columnsOf(counts);
    await db
      .insertInto("rollup_minute")
      .values({ ...key, ...columns })
      .onConflict((conflict) => conflict.columns(["org_id", "minute"]).doUpdateSet(columns))
      .execute();
  }
}
