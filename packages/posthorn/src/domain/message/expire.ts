/** Deletes payloads whose time is over: those with a retention of their own, and all that are older than the default. */
import { keyAtTime } from "../../id.ts";
import type { Services } from "../context.ts";

/** Rows in one transaction: small enough that publishing does not notice. */
const STEP = 500;

export interface ExpireOptions {
  readonly retentionMs: number;
  /** Where the last sweep of the default retention got to. */
  readonly from: number;
}

/** Runs until nothing is left to expire. Returns where the next sweep goes on. */
export async function expirePayloads(services: Services, { retentionMs, from }: ExpireOptions): Promise<number> {
  const now = services.now();
  while ((await expireOwnRetention(services, now)) === STEP);
  const end = keyAtTime(now - retentionMs);
  let cursor = from;
  while (cursor < end) {
    const rows = await services.store.db
      .selectFrom("message")
      .select("id")
      .where("id", ">", cursor)
      .where("id", "<", end)
      .where("payload", "is not", null)
      .where("expires_at", "is", null)
      .orderBy("id")
      .limit(STEP)
      .execute();
    if (rows.length === 0) return end;
    const last = rows.at(-1)!.id;
    const first = cursor;
    await services.store.transaction(({ db }) =>
      db
        .updateTable("message")
        .set({ payload: null })
        .where("id", ">", first)
        .where("id", "<=", last)
        .where("expires_at", "is", null)
        .where("payload", "is not", null)
        .execute(),
    );
    cursor = last;
  }
  return Math.max(cursor, end);
}

async function expireOwnRetention(services: Services, now: number): Promise<number> {
  const rows = await services.store.db
    .selectFrom("message")
    .select("id")
    .where("expires_at", "<=", now)
    .orderBy("expires_at")
    .limit(STEP)
    .execute();
  if (rows.length === 0) return 0;
  const ids = rows.map((row) => row.id);
  await services.store.transaction(({ db }) =>
    db.updateTable("message").set({ payload: null, expires_at: null }).where("id", "in", ids).execute(),
  );
  return rows.length;
}
