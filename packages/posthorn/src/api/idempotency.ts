/**
 * Does a POST once, however often it is sent.
 *
 * Keys are hashed with the token and the whole URL, so that callers cannot meet in one. They stand in buckets of time: a look-up
 * asks the bucket of now and the ones before it, an insert goes to the bucket of now, and old buckets are dropped as a whole.
 * Keys that client libraries make for their own retries (`auto_…`) are over in minutes and have short buckets; keys that callers
 * choose are good for at least 12 hours.
 */
import { createHash } from "node:crypto";
import { type Context, write } from "../domain/context.ts";
import type { IdempotencyKey, Store } from "../store/store.ts";
import type { Reply } from "./reply.ts";

const MINUTE = 60_000;
const AUTO_BUCKET = 10 * MINUTE;
const CHOSEN_BUCKET = 6 * 60 * MINUTE;
const MAX_KEY_LENGTH = 1024;
/** 132 bits of the hash. */
const HASH_LENGTH = 22;

/** The key of a request, or `null` when it has none. */
export function idempotencyKey(
  header: string | string[] | undefined,
  token: string,
  url: string,
  now: number,
): IdempotencyKey | null {
  const key = Array.isArray(header) ? header[0] : header;
  if (key === undefined || key === "") return null;
  const hash = createHash("sha256")
    .update(`${token}\n${url}\n${key.slice(0, MAX_KEY_LENGTH)}`)
    .digest("base64url")
    .slice(0, HASH_LENGTH);
  return { hash, buckets: bucketsAt(key.startsWith("auto_"), now) };
}

/** Chosen keys have negative buckets, so that the two kinds never meet. */
function bucketsAt(auto: boolean, now: number): readonly number[] {
  if (auto) {
    const bucket = Math.floor(now / AUTO_BUCKET);
    return [bucket, bucket - 1];
  }
  const bucket = Math.floor(now / CHOSEN_BUCKET);
  return [-bucket, -(bucket - 1), -(bucket - 2)];
}

/** Runs `handle` in a transaction that also keeps its answer, or gives the answer that was kept. Failures are not kept. */
export function once(ctx: Context, key: IdempotencyKey, handle: (ctx: Context) => Promise<Reply>): Promise<Reply> {
  return write(ctx, async (tx) => {
    const kept = await tx.db
      .selectFrom("idempotency")
      .select(["status", "body"])
      .where("bucket", "in", key.buckets)
      .where("hash", "=", key.hash)
      .executeTakeFirst();
    if (kept !== undefined && kept.status !== null) return { status: kept.status, json: kept.body };
    const answer = await handle({ ...ctx, tx });
    await tx.db
      .insertInto("idempotency")
      .values({ bucket: key.buckets[0]!, hash: key.hash, message_id: null, status: answer.status, body: answer.json })
      .execute();
    return answer;
  });
}

/** Deletes keys whose time is over. */
export async function dropOldKeys(store: Store, now: number): Promise<void> {
  const oldestAuto = Math.floor(now / AUTO_BUCKET) - 1;
  const oldestChosen = -(Math.floor(now / CHOSEN_BUCKET) - 2);
  for (;;) {
    const rows = await store.db
      .selectFrom("idempotency")
      .select(["bucket", "hash"])
      .where(({ eb, or, and }) =>
        or([
          and([eb("bucket", ">=", 0), eb("bucket", "<", oldestAuto)]),
          and([eb("bucket", "<", 0), eb("bucket", ">", oldestChosen)]),
        ]),
      )
      .orderBy("bucket")
      .orderBy("hash")
      .limit(1000)
      .execute();
    const last = rows.at(-1);
    if (last === undefined) return;
    // All rows up to the last one found, bucket by bucket: along the primary key.
    await store.transaction(async ({ db }) => {
      for (const bucket of new Set(rows.map((row) => row.bucket))) {
        const hash = rows.findLast((row) => row.bucket === bucket)!.hash;
        await db.deleteFrom("idempotency").where("bucket", "=", bucket).where("hash", "<=", hash).execute();
      }
    });
  }
}
