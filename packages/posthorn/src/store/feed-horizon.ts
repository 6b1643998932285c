/** The horizon of feeds, and how SQLite moves it. `docs/decisions/105-order-feeds-by-key.md` explains the order. */
import { type Kysely, sql } from "kysely";
import { timeOfKey } from "../lib/id.ts";
import { FEED_CURSOR } from "./feed-cursor.ts";
import type { Database } from "./schema.ts";
import type { Tx } from "./tx.ts";

/**
 * An older horizon is advanced even without new messages, so that the cursor of an up-to-date reader does not become older than the messages
 * that retention deletes.
 */
export const MAX_HORIZON_AGE_MS = 1_800_000;

/** Returns the horizon; 0 before the first feed was read. */
export async function feedHorizonIn(db: Kysely<Database>): Promise<number> {
  const row = await db
    .selectFrom("rollup_cursor")
    .select("last_id")
    .where("source", "=", FEED_CURSOR)
    .executeTakeFirst();
  return row?.last_id ?? 0;
}

/** Whether any messages come after the horizon. */
export async function hasMessagesAfter(db: Kysely<Database>, horizon: number): Promise<boolean> {
  const { rows } = await sql<{ behind: number }>`
    SELECT EXISTS (SELECT 1 FROM message WHERE id > ${horizon}) OR EXISTS (SELECT 1 FROM feed_late WHERE after_key >= ${horizon}) AS behind`.execute(
    db,
  );
  return rows[0]!.behind === 1;
}

export async function saveFeedHorizon({ db }: Pick<Tx, "db">, horizon: number): Promise<void> {
  await db
    .insertInto("rollup_cursor")
    .values({ source: FEED_CURSOR, last_id: horizon })
    .onConflict((conflict) => conflict.column("source").doUpdateSet({ last_id: horizon }))
    .execute();
}

export interface SoleWriter {
  readonly db: Kysely<Database>;
  transaction<T>(work: (tx: Tx) => Promise<T>, operation?: string): Promise<T>;
}

/**
 * Moves the horizon of a database with one writing process. Messages of this process with a key up to `settled()` are on disk, and those
 * with an earlier key (`AcceptEntry.hasEarlierKey`) get a place behind the horizon, so nothing has to be waited for.
 */
export async function moveFeedHorizon(store: SoleWriter, settled: () => number | Promise<number>): Promise<number> {
  const horizon = await feedHorizonIn(store.db);
  const isOld = Date.now() - timeOfKey(horizon) > MAX_HORIZON_AGE_MS;
  if (!isOld && !(await hasMessagesAfter(store.db, horizon))) return horizon;
  // Asks the other threads of this process, so it is not asked at every look.
  const next = await settled();
  if (next <= horizon) return horizon;
  return store.transaction(async (tx) => {
    const current = await feedHorizonIn(tx.db);
    if (current >= next) return current;
    await saveFeedHorizon(tx, next);
    return next;
  }, "feed.horizon");
}
