/** Runs a request with an idempotency key once, and returns the stored response for repeated requests. */
import { randomUUID } from "node:crypto";
import { PosthornError } from "../lib/errors.ts";
import type { IdempotencyKey } from "../store/store.ts";
import { type Context, inside, type OutsideContext, type TransactionContext, unaudited, write } from "./context.ts";
import type { Tx } from "../store/tx.ts";
import { sealedIn } from "../store/sealed-columns.ts";

/** A stored response: its status, and its body as JSON text. */
export interface StoredResponse {
  readonly status: number;
  readonly json: string | null;
}

/** Status of the row of a request that is still running. */
const RUNNING = 0;
/** How long another node waits before it takes over the key of a request without a stored response. Every handler finishes well before. */
const TAKE_OVER_MS = 120_000;

/**
 * Runs `handle` in a transaction that also stores its response, or returns the stored response. Failures are not stored. A concurrent
 * request with the same key waits for the row and then reads the response.
 */
export function onceInTransaction(
  ctx: Context,
  key: IdempotencyKey,
  handle: (ctx: TransactionContext) => Promise<StoredResponse>,
): Promise<StoredResponse> {
  return write(ctx, async (tx) => {
    const found = (await insertRow(tx, key)) ? null : await findRow(tx, key);
    if (found !== null && found.status !== RUNNING) {
      ctx.audit?.unchanged();
      return openResponse(ctx, key, found);
    }
    const response = await handle(inside(ctx, tx));
    await updateRow(tx, key, sealResponse(ctx, key, response));
    return response;
  });
}

/**
 * Runs requests that call external services before, after or between their writes: one short transaction claims the key, the handler runs
 * outside of a transaction, and another transaction stores its response. Handlers must tolerate running again, because a process that
 * stops in between stores no response.
 */
export class ClaimedRequests {
  /** Requests of this process by the hash of their key. */
  readonly #running = new Map<string, Promise<void>>();

  /** Runs `handle` unless an earlier request with the key has stored its response; waits for one that this process is running. */
  async once(
    ctx: OutsideContext,
    key: IdempotencyKey,
    handle: (ctx: OutsideContext) => Promise<StoredResponse>,
  ): Promise<StoredResponse> {
    for (let other = this.#running.get(key.hash); other !== undefined; other = this.#running.get(key.hash)) await other;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#running.set(key.hash, promise);
    try {
      return await runClaimed(ctx, key, handle);
    } finally {
      this.#running.delete(key.hash);
      resolve();
    }
  }
}

async function runClaimed(
  ctx: OutsideContext,
  key: IdempotencyKey,
  handle: (ctx: OutsideContext) => Promise<StoredResponse>,
): Promise<StoredResponse> {
  const claim: Claim = { at: ctx.services.now(), id: randomUUID() };
  const plain = unaudited(ctx);
  const earlier = await write(plain, (tx) => takeClaim(ctx, tx, key, claim));
  if (earlier !== null) {
    ctx.audit?.unchanged();
    return earlier;
  }
  let response: StoredResponse;
  try {
    response = await handle(ctx);
  } catch (error) {
    // If this fails too, the claim is taken over later. The caller needs the first error.
    await write(plain, (tx) => dropClaim(ctx, tx, key, claim)).catch(() => undefined);
    throw error;
  }
  await write(plain, async (tx) => {
    if (await holdsClaim(ctx, tx, key, claim)) await updateRow(tx, key, sealResponse(ctx, key, response));
  });
  return response;
}

/** Identifies the run of a request, and when it started. */
interface Claim {
  readonly at: number;
  readonly id: string;
}

/** Claims the key, or returns the response of an earlier request. */
async function takeClaim(
  ctx: OutsideContext,
  tx: Tx,
  key: IdempotencyKey,
  claim: Claim,
): Promise<StoredResponse | null> {
  const found = (await insertRow(tx, key)) ? null : await findRow(tx, key);
  if (found !== null) {
    if (found.status !== RUNNING) return openResponse(ctx, key, found);
    const other = claimIn(ctx, key, found);
    // Outside of a cluster, a claim that this process does not know belongs to a process that has stopped.
    const orphaned = ctx.services.cluster.alone || other === null || claim.at - other.at > TAKE_OVER_MS;
    if (!orphaned) {
      throw new PosthornError(
        "conflict",
        "A request with this idempotency key is still running. Send it again in a few seconds to get its response.",
      );
    }
  }
  await updateRow(tx, key, {
    status: RUNNING,
    body_sealed: ctx.services.secretBox.seal(JSON.stringify(claim), placeOf(key)),
  });
  return null;
}

async function dropClaim(ctx: Context, tx: Tx, key: IdempotencyKey, claim: Claim): Promise<void> {
  if (!(await holdsClaim(ctx, tx, key, claim))) return;
  await tx.db.deleteFrom("idempotency").where("bucket", "in", key.buckets).where("hash", "=", key.hash).execute();
}

/** Whether this request still holds the key; another node may have taken it over. */
async function holdsClaim(ctx: Context, tx: Tx, key: IdempotencyKey, claim: Claim): Promise<boolean> {
  const found = await findRow(tx, key);
  return found?.status === RUNNING && claimIn(ctx, key, found)?.id === claim.id;
}

function claimIn(ctx: Context, key: IdempotencyKey, { body_sealed }: IdempotencyRow): Claim | null {
  return body_sealed === null ? null : (JSON.parse(ctx.services.secretBox.open(body_sealed, placeOf(key))) as Claim);
}

function placeOf({ hash }: IdempotencyKey): string {
  return sealedIn("idempotency.body_sealed", hash);
}

interface IdempotencyRow {
  readonly status: number;
  readonly body_sealed: Uint8Array | null;
}

async function findRow({ db }: Tx, key: IdempotencyKey): Promise<IdempotencyRow | null> {
  const row = await db
    .selectFrom("idempotency")
    .select(["status", "body_sealed"])
    .where("bucket", "in", key.buckets)
    .where("hash", "=", key.hash)
    .executeTakeFirst();
  return row === undefined || row.status === null ? null : { status: row.status, body_sealed: row.body_sealed };
}

/** Inserts the row of a key, and returns false if it exists. On PostgreSQL it waits for a transaction that is inserting the same key. */
async function insertRow(tx: Tx, key: IdempotencyKey): Promise<boolean> {
  if ((await findRow(tx, key)) !== null) return false;
  const { numInsertedOrUpdatedRows } = await tx.db
    .insertInto("idempotency")
    .values({ bucket: key.buckets[0]!, hash: key.hash, message_id: null, status: RUNNING, body_sealed: null })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
}

async function updateRow({ db }: Tx, key: IdempotencyKey, row: IdempotencyRow): Promise<void> {
  await db
    .updateTable("idempotency")
    .set(row)
    .where("bucket", "in", key.buckets)
    .where("hash", "=", key.hash)
    .execute();
}

/** Encrypts a response, because it may contain a token that is shown only once. */
function sealResponse({ services }: Context, key: IdempotencyKey, { status, json }: StoredResponse): IdempotencyRow {
  return { status, body_sealed: json === null ? null : services.secretBox.seal(json, placeOf(key)) };
}

function openResponse(
  { services }: Context,
  key: IdempotencyKey,
  { status, body_sealed }: IdempotencyRow,
): StoredResponse {
  return { status, json: body_sealed === null ? null : services.secretBox.open(body_sealed, placeOf(key)) };
}
