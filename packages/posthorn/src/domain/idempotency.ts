/**
 * Idempotency keys, which make repeated POST requests run only once; see `once.ts`.
 *
 * Keys are hashed with the token and the whole URL, so that different callers never share one. They are stored in time buckets: a look-up
 * reads the current bucket and the ones before it, an insert uses the current bucket, and old buckets are deleted as a whole. Shortly before
 * the end of a bucket, a look-up also reads the next one, because the clock of the node that stored the key may be ahead. Keys that client
 * libraries generate for their retries (`auto_…`) are only needed for minutes and have short buckets; keys chosen by callers are valid for
 * at least 12 hours.
 */
import { createHash } from "node:crypto";
import { sql, type SqlBool } from "kysely";
import type { IdempotencyKey, Store } from "../store/store.ts";

const MINUTE = 60_000;
const AUTO_BUCKET = 10 * MINUTE;
const CHOSEN_BUCKET = 6 * 60 * MINUTE;
/** Buckets that are searched for the key of an inbound request. */
const INBOUND_BUCKETS = 5;
/** Largest difference between the clocks of two nodes at which a key is still found. */
const CLOCK_TOLERANCE = 5 * MINUTE;
/** Length of the stored hash in base64url characters: 132 bits. */
const HASH_LENGTH = 22;

/** The key of a request, or `null` if it has none. */
export function idempotencyKey(
  header: string | string[] | undefined,
  token: string,
  url: string,
  now: number,
): IdempotencyKey | null {
  const key = Array.isArray(header) ? header[0] : header;
  if (key === undefined || key === "") return null;
  return { hash: hashOf(`${token}\n${url}\n${key}`), buckets: bucketsAt(key.startsWith("auto_"), now) };
}

/** The key of a part of a request, valid as long as the key of the request. */
export function derivedKey({ hash, buckets }: IdempotencyKey, part: string): IdempotencyKey {
  return { hash: hashOf(`${hash}\n${part}`), buckets };
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, HASH_LENGTH);
}

/** Buckets of a key derived from an inbound request, valid for at least 24 hours. */
export function bucketsOfDay(now: number): readonly number[] {
  return bucketsBefore(now, CHOSEN_BUCKET, INBOUND_BUCKETS).map((bucket) => -bucket);
}

function bucketsAt(auto: boolean, now: number): readonly number[] {
  if (auto) return bucketsBefore(now, AUTO_BUCKET, 2);
  return bucketsBefore(now, CHOSEN_BUCKET, 3).map((bucket) => -bucket);
}

/** The current bucket first, then those before it, and the next one if it may have begun at another node. */
function bucketsBefore(now: number, length: number, count: number): readonly number[] {
  const current = Math.floor(now / length);
  const buckets = Array.from({ length: count }, (_, back) => current - back);
  const next = Math.floor((now + CLOCK_TOLERANCE) / length);
  return next === current ? buckets : [...buckets, next];
}

/** Rows deleted in one transaction, few enough not to delay publishing noticeably. */
const DROP_STEP = 1000;

/** Deletes expired keys. */
export async function dropOldKeys(store: Store, now: number, signal: AbortSignal): Promise<void> {
  const oldestAuto = Math.floor(now / AUTO_BUCKET) - 1;
  const oldestChosen = Math.floor(now / CHOSEN_BUCKET) - (INBOUND_BUCKETS - 1);
  await dropBuckets(store, { from: 0, to: oldestAuto - 1, signal });
  await dropBuckets(store, { from: -oldestChosen + 1, to: -1, signal });
}

interface Buckets {
  readonly from: number;
  readonly to: number;
  readonly signal: AbortSignal;
}

async function dropBuckets(store: Store, { from, to, signal }: Buckets): Promise<void> {
  while (!signal.aborted) {
    const { numDeletedRows } = await store.transaction(
      ({ db }) =>
        db
          .deleteFrom("idempotency")
          .where(({ refTuple, selectFrom }) => {
            const old = selectFrom("idempotency as old")
              .select(["old.bucket", "old.hash"])
              .where("old.bucket", ">=", from)
              .where("old.bucket", "<=", to)
              .limit(DROP_STEP);
            return sql<SqlBool>`${refTuple("bucket", "hash")} IN ${old}`;
          })
          .executeTakeFirstOrThrow(),
      "idempotency",
    );
    if (numDeletedRows < DROP_STEP) return;
  }
}
