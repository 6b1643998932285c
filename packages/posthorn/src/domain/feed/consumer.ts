/**
 * Named consumers: readers of a feed whose positions the server keeps. Any number of them read one feed, each on its own, and any number of
 * workers share a consumer.
 *
 * A page is handed out under a lease. A commit ends the lease of the messages up to the committed one. Messages that are not committed when
 * their lease ends are handed out again. Each message is therefore handed out at least once, and never again after it was committed.
 */
import { PosthornError } from "../../lib/errors.ts";
import type { Database } from "../../store/schema.ts";
import type { Tx } from "../../store/tx.ts";
import type { Kysely, Selectable } from "kysely";
import { type Context, type OutsideContext, reader } from "../context.ts";
import { countAfter } from "./page.ts";
import { compare, type Feed, type Position } from "./position.ts";
import { type Start, startOf } from "./read.ts";

export interface Consumer {
  readonly key: number;
  readonly name: string;
  readonly feed: Feed;
  /** Position up to which messages were handed out. */
  readonly head: Position;
  readonly createdAt: number;
  /** Last read or commit. */
  readonly usedAt: number;
}

/** A consumer that was not used for this long is deleted. */
export const IDLE_MS = 30 * 86_400_000;
/** Consumers of one feed. */
const MAX_CONSUMERS = 1000;
/** How often `used_at` is written for a consumer that finds no new messages. */
const TOUCH_MS = 3_600_000;

function toConsumer(row: Selectable<Database["feed_consumer"]>): Consumer {
  return {
    key: row.id,
    name: row.name,
    feed: { appKey: row.app_id, endpointKey: row.endpoint_id },
    head: { key: row.head_key, late: row.head_late },
    createdAt: row.created_at,
    usedAt: row.used_at,
  };
}

/** A consumer that was idle for too long counts as deleted, even before its row is. */
export async function findConsumer(ctx: Context, feed: Feed, name: string): Promise<Consumer | null> {
  const row = await consumersOf(reader(ctx), feed).where("name", "=", name).executeTakeFirst();
  if (row === undefined || row.used_at + IDLE_MS <= ctx.services.now()) return null;
  return toConsumer(row);
}

/** By name. */
export async function listConsumers(
  ctx: Context,
  feed: Feed,
  { limit, after }: { readonly limit: number; readonly after: string | null },
): Promise<{ readonly rows: readonly Consumer[]; readonly done: boolean }> {
  const rows = await consumersOf(reader(ctx), feed)
    .where("used_at", ">", ctx.services.now() - IDLE_MS)
    .$if(after !== null, (found) => found.where("name", ">", after!))
    .orderBy("name")
    .limit(limit + 1)
    .execute();
  return { rows: rows.slice(0, limit).map(toConsumer), done: rows.length <= limit };
}

function consumersOf(db: Kysely<Database>, { appKey, endpointKey }: Feed) {
  return db.selectFrom("feed_consumer").selectAll().where("app_id", "=", appKey).where("endpoint_id", "=", endpointKey);
}

/** Returns the consumer; creates it at `start` if there is none. */
export async function findOrCreateConsumer(
  ctx: OutsideContext,
  feed: Feed,
  name: string,
  start: Start,
): Promise<Consumer> {
  const existing = await findConsumer(ctx, feed, name);
  if (existing !== null) {
    await touch(ctx, existing);
    return existing;
  }
  const head = await startOf(ctx, feed, start);
  const { services } = ctx;
  await services.store.transaction(async ({ db }) => {
    if ((await findIn(db, feed, name, services.now())) !== null) return;
    await deleteConsumers(db, await staleKeys(db, feed, name));
    await checkRoom(db, feed);
    const now = services.now();
    await db
      .insertInto("feed_consumer")
      .values({
        id: services.ids.next("key_").key,
        app_id: feed.appKey,
        endpoint_id: feed.endpointKey,
        name,
        head_key: head.key,
        head_late: head.late,
        created_at: now,
        used_at: now,
      })
      .execute();
  }, ctx.operation);
  const made = await findConsumer(ctx, feed, name);
  if (made === null) throw new PosthornError("conflict", "The consumer was deleted at the same time. Try again.");
  return made;
}

async function findIn(db: Kysely<Database>, feed: Feed, name: string, now: number): Promise<Consumer | null> {
  const row = await consumersOf(db, feed).where("name", "=", name).executeTakeFirst();
  return row === undefined || row.used_at + IDLE_MS <= now ? null : toConsumer(row);
}

async function staleKeys(db: Kysely<Database>, feed: Feed, name: string): Promise<readonly number[]> {
  const rows = await consumersOf(db, feed).where("name", "=", name).execute();
  return rows.map(({ id }) => id);
}

async function checkRoom(db: Kysely<Database>, feed: Feed): Promise<void> {
  const { consumers } = await db
    .selectFrom("feed_consumer")
    .select((eb) => eb.fn.countAll<number>().as("consumers"))
    .where("app_id", "=", feed.appKey)
    .where("endpoint_id", "=", feed.endpointKey)
    .executeTakeFirstOrThrow();
  if (consumers < MAX_CONSUMERS) return;
  throw new PosthornError("limit_reached", `A feed can have up to ${MAX_CONSUMERS} consumers. Delete one first.`);
}

async function touch({ services, operation }: OutsideContext, { key, usedAt }: Consumer): Promise<void> {
  const now = services.now();
  if (now - usedAt < TOUCH_MS) return;
  await services.store.transaction(async ({ db }) => {
    await db.updateTable("feed_consumer").set({ used_at: now }).where("id", "=", key).execute();
  }, operation);
}

/** Deletes consumers with their leases. */
export async function deleteConsumers(db: Tx["db"], keys: readonly number[]): Promise<void> {
  if (keys.length === 0) return;
  await db.deleteFrom("feed_lease").where("consumer_id", "in", keys).execute();
  await db.deleteFrom("feed_consumer").where("id", "in", keys).execute();
}

/** Moves a consumer. Its leases end. */
export async function moveConsumer(
  { db }: Tx,
  { key }: Pick<Consumer, "key">,
  to: Position,
  now: number,
): Promise<void> {
  await db.deleteFrom("feed_lease").where("consumer_id", "=", key).execute();
  await db
    .updateTable("feed_consumer")
    .set({ head_key: to.key, head_late: to.late, used_at: now })
    .where("id", "=", key)
    .execute();
}

export interface ConsumerState extends Consumer {
  /** Position up to which everything is committed. */
  readonly committed: Position;
  /** Leases that have not ended. */
  readonly leases: number;
  /** When the first of them ends, in Unix milliseconds; `null`: there is none. */
  readonly leaseEndsAt: number | null;
  /** Messages after `committed`, counted up to {@link MAX_BEHIND}. */
  readonly behind: number;
  /** Key of the first of them; `null`: there is none. */
  readonly next: number | null;
}

export const MAX_BEHIND = 1000;

export async function stateOf(ctx: OutsideContext, consumer: Consumer): Promise<ConsumerState> {
  const { store, feeds, now } = ctx.services;
  const rows = await store.db
    .selectFrom("feed_lease")
    .select(["from_key as key", "from_late as late", "until"])
    .where("consumer_id", "=", consumer.key)
    .orderBy("from_key")
    .orderBy("from_late")
    .execute();
  const [first] = rows;
  const committed = first !== undefined && compare(first, consumer.head) < 0 ? first : consumer.head;
  const { count, first: next } = await countAfter(store.db, consumer.feed, {
    from: committed,
    horizon: await feeds.horizon(),
    max: MAX_BEHIND,
  });
  const ends = rows.map(({ until }) => until).filter((until) => until > now());
  return {
    ...consumer,
    committed: { key: committed.key, late: committed.late },
    leases: ends.length,
    leaseEndsAt: ends.length === 0 ? null : Math.min(...ends),
    behind: count,
    next,
  };
}

/** Deletes the consumers that were idle for too long, and places of messages that no longer exist. */
export async function expireFeeds(
  { store, now }: Pick<OutsideContext["services"], "store" | "now">,
  signal: AbortSignal,
): Promise<void> {
  for (let more = true; more && !signal.aborted;) {
    more = await store.transaction(async ({ db }) => {
      const rows = await db
        .selectFrom("feed_consumer")
        .select("id")
        .where("used_at", "<=", now() - IDLE_MS)
        .limit(EXPIRE_STEP)
        .execute();
      await deleteConsumers(
        db,
        rows.map(({ id }) => id),
      );
      return rows.length === EXPIRE_STEP;
    }, "feed.expire");
  }
  await dropPlaces(store, signal);
}

const EXPIRE_STEP = 200;

async function dropPlaces(store: OutsideContext["services"]["store"], signal: AbortSignal): Promise<void> {
  const oldest = await store.db.selectFrom("message").select("id").orderBy("id").limit(1).executeTakeFirst();
  for (let more = true; more && !signal.aborted;) {
    const rows = await store.db
      .selectFrom("feed_late")
      .select("message_id")
      .$if(oldest !== undefined, (query) => query.where("message_id", "<", oldest!.id))
      .orderBy("message_id")
      .limit(EXPIRE_STEP)
      .execute();
    if (rows.length === 0) return;
    const gone = rows.map(({ message_id }) => message_id);
    await store.transaction(async ({ db }) => {
      await db.deleteFrom("feed_late").where("message_id", "in", gone).execute();
    }, "feed.expire");
    more = rows.length === EXPIRE_STEP;
  }
}
