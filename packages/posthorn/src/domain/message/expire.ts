/**
 * Deletes payloads whose time is over: those with a retention of their own, and all that are older than the default. What is still owed
 * to an endpoint keeps its payload until it is delivered, has failed or is canceled, whatever its retention says.
 */
import { type RawBuilder, type SqlBool, sql } from "kysely";
import { keyAtTime } from "../../id.ts";
import { attemptsWithSentBodies, forgetSentBodies } from "../attempt/expunge.ts";
import type { Services } from "../context.ts";

/** Rows in one transaction: small enough that publishing does not notice. */
const STEP = 500;
/** A payload that is still owed is looked at again after this long. */
const LOOK_AGAIN_MS = 3_600_000;

export interface ExpireOptions {
  readonly retentionMs: number;
  /** Where the last sweep of the default retention got to. */
  readonly from: number;
  readonly signal: AbortSignal;
}

/** Runs until nothing is left to expire. Returns where the next sweep goes on. */
export async function expirePayloads(
  services: Services,
  { retentionMs, from, signal }: ExpireOptions,
): Promise<number> {
  const now = services.now();
  while (!signal.aborted && (await expireOwnRetention(services, now)));
  const end = keyAtTime(now - retentionMs);
  let cursor = from;
  while (!signal.aborted && cursor < end) {
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
    const last = rows.at(-1);
    if (last === undefined) return end;
    await expire(services, rows, now);
    cursor = last.id;
  }
  return cursor;
}

async function expireOwnRetention(services: Services, now: number): Promise<boolean> {
  const rows = await services.store.db
    .selectFrom("message")
    .select("id")
    .where("expires_at", "<=", now)
    .orderBy("expires_at")
    .limit(STEP)
    .execute();
  if (rows.length > 0) await expire(services, rows, now);
  return rows.length === STEP;
}

async function expire(services: Services, rows: readonly { readonly id: number }[], now: number): Promise<void> {
  const ids = rows.map((row) => row.id);
  const attempts = await attemptsWithSentBodies(services.store, ids);
  await services.store.transaction(async (tx) => {
    const { db } = tx;
    await forgetSentBodies(tx, attempts);
    const messages = db.updateTable("message").where("id", "in", ids);
    await messages
      .where(isOwed())
      .set({ expires_at: now + LOOK_AGAIN_MS })
      .execute();
    await messages
      .where(sql<SqlBool>`NOT ${isOwed()}`)
      .set({ payload: null, expires_at: null })
      .execute();
  });
}

function isOwed(): RawBuilder<SqlBool> {
  return sql<SqlBool>`EXISTS (SELECT 1 FROM delivery WHERE delivery.message_id = message.id AND delivery.due IS NOT NULL)`;
}
