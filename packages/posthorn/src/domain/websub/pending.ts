/** Requests at the hub that are stored: those whose callback has not confirmed them yet, and those that failed, which users can see. */
import { createHash } from "node:crypto";
import type { Selectable } from "kysely";
import { notFound } from "../../lib/errors.ts";
import { iteratorOfKey, keyOfId, timeOfKey } from "../../lib/id.ts";
import type { WebSubRequestTable } from "../../store/subscription-schema.ts";
import type { Tx } from "../../store/tx.ts";
import { getApplication, ofCustomers } from "../application/find.ts";
import { atomically, type Call, type Context, reader, type Services } from "../context.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage } from "../paging.ts";
import { openDetail, type RequestDetail } from "./detail.ts";
import { isPassing, type VerificationFailure } from "./failure.ts";

export type RequestRow = Selectable<WebSubRequestTable>;

/** Identifies the content of a request. Requests of one callback with different content are verified separately, and none replaces another. */
export function intentHash(
  mode: WebSubRequestTable["mode"],
  { leaseSeconds, secret, topicUrl }: RequestDetail,
): string {
  return createHash("sha256")
    .update(JSON.stringify([mode, topicUrl, leaseSeconds, secret]))
    .digest("base64url");
}

/** Requests that are due, oldest first. */
export function dueRequests({ store, now }: Services, limit: number): Promise<readonly RequestRow[]> {
  return store.db
    .selectFrom("websub_request")
    .selectAll()
    .where("due", "<=", now())
    .where("state", "=", "pending")
    .orderBy("due")
    .limit(limit)
    .execute();
}

/** When the next request is due, or a failed one is deleted, in Unix milliseconds; `null`: there is none. */
export async function nextDue({ store }: Services): Promise<number | null> {
  const row = await store.db
    .selectFrom("websub_request")
    .select((eb) => eb.fn.min<number | null>("due").as("next"))
    .executeTakeFirst();
  return row?.next ?? null;
}

/** How long failed requests stay visible. */
const KEPT_MS = 7 * 86_400_000;
/** Failed requests that are kept of one topic, because anyone with its URL can cause them. */
const KEPT_OF_TOPIC = 100;

/** Deletes failed requests that were kept for long enough. */
export async function deleteOldFailures({ store, now }: Services): Promise<void> {
  const old = await store.db
    .selectFrom("websub_request")
    .select("id")
    .where("due", "<=", now())
    .where("state", "=", "failed")
    .limit(1)
    .executeTakeFirst();
  if (old === undefined) return;
  await store.transaction(async ({ db }) => {
    await db.deleteFrom("websub_request").where("due", "<=", now()).where("state", "=", "failed").execute();
  }, "websub.settle");
}

/** Delays before a callback that could not be reached is called again. Afterwards the request has failed. */
const RETRY_MS = [10_000, 60_000] as const;

/** Puts a request back for another call, or marks it as failed. */
export function postpone(services: Services, row: RequestRow, failure: VerificationFailure): Promise<void> {
  const delay = isPassing(failure) ? RETRY_MS[row.tries] : undefined;
  return services.store.transaction(async (tx) => {
    if (delay === undefined) return markFailed(services, tx, row, failure);
    const now = services.now();
    await tx.db
      .updateTable("websub_request")
      .set({ tries: row.tries + 1, due: now + delay, tried_at: now, failure_json: JSON.stringify(failure) })
      .where("id", "=", row.id)
      .execute();
  }, "websub.settle");
}

/** Keeps a request as failed. Notices are deleted: they were no request. */
export async function markFailed(
  { now }: Pick<Services, "now">,
  { db }: Pick<Tx, "db">,
  { id, topic_id, mode, tries }: RequestRow,
  failure: VerificationFailure,
): Promise<void> {
  if (mode === "denied") {
    await db.deleteFrom("websub_request").where("id", "=", id).execute();
    return;
  }
  await db
    .updateTable("websub_request")
    .set({
      state: "failed",
      tries: tries + 1,
      tried_at: now(),
      due: now() + KEPT_MS,
      failure_json: JSON.stringify(failure),
    })
    .where("id", "=", id)
    .execute();
  const oldest = await db
    .selectFrom("websub_request")
    .select("id")
    .where("topic_id", "=", topic_id)
    .where("state", "=", "failed")
    .orderBy("id", "desc")
    .offset(KEPT_OF_TOPIC)
    .limit(KEPT_OF_TOPIC)
    .execute();
  if (oldest.length === 0) return;
  const keys = oldest.map((row) => row.id);
  await db.deleteFrom("websub_request").where("id", "in", keys).execute();
}

/**
 * Deletes the pending requests of a callback that are older than one that its subscriber has confirmed, because the confirmed one is what the
 * subscriber wants now.
 */
export async function dropEarlier({ db }: Pick<Tx, "db">, { id, topic_id, target_hash }: RequestRow): Promise<void> {
  await db
    .deleteFrom("websub_request")
    .where("topic_id", "=", topic_id)
    .where("target_hash", "=", target_hash)
    .where("state", "=", "pending")
    .where("id", "<", id)
    .execute();
}

/** A request of a subscriber that its callback has not confirmed. */
export interface HubRequestState {
  readonly key: number;
  readonly id: string;
  readonly topicId: string;
  readonly mode: "subscribe" | "unsubscribe";
  readonly callback: string;
  readonly state: "pending" | "failed";
  /** Calls of the callback that failed. */
  readonly tries: number;
  readonly createdAt: number;
  /** `null`: the callback was not called yet. */
  readonly triedAt: number | null;
  /** `null`: it is not called again. */
  readonly nextTryAt: number | null;
  readonly failure: VerificationFailure | null;
}

export interface ListHubRequests extends PageRequest {
  readonly app: string;
  /** Key of a topic; `null`: all. */
  readonly topicKey: number | null;
}

/** Newest first. Notices are not listed. */
export async function listHubRequests(ctx: Context, input: ListHubRequests): Promise<Page<HubRequestState>> {
  const { key } = await getApplication(ofCustomers(ctx), input.app);
  const page = await readPage(input, { order: "desc", keyOf: idIterator("subreq_") }, (slice) => {
    let query = reader(ctx)
      .selectFrom("websub_request as r")
      .innerJoin("websub_topic as t", "t.id", "r.topic_id")
      .selectAll("r")
      .select("t.public_id as topic")
      .where("r.app_id", "=", key)
      .where("r.mode", "!=", "denied")
      .orderBy("r.id", slice.order)
      .limit(slice.limit);
    if (input.topicKey !== null) query = query.where("r.topic_id", "=", input.topicKey);
    if (slice.from !== null) query = query.where("r.id", comparison(slice.order), slice.from);
    return query.execute();
  });
  return { ...page, rows: page.rows.map((row) => toState(ctx, row)) };
}

function toState({ services }: Context, row: RequestRow & { readonly topic: string }): HubRequestState {
  const isPending = row.state === "pending";
  return {
    key: row.id,
    id: iteratorOfKey("subreq_", row.id),
    topicId: row.topic,
    mode: row.mode === "unsubscribe" ? "unsubscribe" : "subscribe",
    callback: openDetail(services.secretBox, row).callback,
    state: row.state,
    tries: row.tries,
    createdAt: timeOfKey(row.id),
    triedAt: row.tried_at,
    nextTryAt: isPending ? row.due : null,
    failure: row.failure_json === null ? null : (JSON.parse(row.failure_json) as VerificationFailure),
  };
}

/** Deletes a request. A pending one is then no longer verified. */
export function deleteHubRequest(call: Call<{ readonly app: string; readonly request: string }>): Promise<void> {
  return atomically(call, async ({ ctx, input }) => {
    const { key } = await getApplication(ofCustomers(ctx), input.app);
    const { numDeletedRows } = await ctx.tx.db
      .deleteFrom("websub_request")
      .where("app_id", "=", key)
      .where("mode", "!=", "denied")
      .where("id", "=", keyOfId("subreq_", input.request) ?? -1)
      .executeTakeFirstOrThrow();
    if (numDeletedRows === 0n) throw notFound("request");
  });
}
