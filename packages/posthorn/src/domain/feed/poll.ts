/** Hands out the next messages of a consumer under a lease, and commits them. */
import { invalid, PosthornError } from "../../lib/errors.ts";
import type { OutsideCall, OutsideContext } from "../context.ts";
import { type Consumer, findConsumer, findOrCreateConsumer } from "./consumer.ts";
import { checkRetained, type FeedPage, NO_FILTER, placeOfMessage, readPage, withPayloads } from "./page.ts";
import { compare, type Feed, type Position } from "./position.ts";
import { newestPage, type Start } from "./read.ts";

export interface PollConsumer {
  readonly feed: Feed;
  readonly consumer: string;
  readonly limit: number;
  readonly leaseMs: number;
  /** Where a new consumer begins. */
  readonly start: Start;
}

/** Pages of a consumer that are leased and not committed. */
const MAX_LEASES = 100;
/** How often a page is read again because another worker took it. */
const TRIES = 10;

interface Lease {
  readonly from: Position;
  readonly to: Position;
  readonly until: number;
}

export interface Polled extends Pick<FeedPage, "messages" | "done"> {
  /** The horizon up to which there was nothing; `null`: there may be more already. */
  readonly nothingUpTo: number | null;
}

/** Returns messages whose lease has ended, or else the next ones, and leases them. */
export async function pollConsumer({ ctx, input }: OutsideCall<PollConsumer>): Promise<Polled> {
  const { store } = ctx.services;
  for (let tries = 1; tries <= TRIES; tries++) {
    const consumer = await findOrCreateConsumer(ctx, input.feed, input.consumer, input.start);
    const polled = await tryPoll(ctx, consumer, input);
    if (polled === "taken") continue;
    return { ...polled, messages: await withPayloads(store.db, polled.messages) };
  }
  // Other workers of the consumer took every page, so they have the messages.
  return { messages: [], done: false, nothingUpTo: null };
}

/** As {@link pollConsumer}; without a message, waits for one until the signal is aborted. */
export async function pollConsumerWaiting(call: OutsideCall<PollConsumer>, signal: AbortSignal): Promise<Polled> {
  const { feeds } = call.ctx.services;
  for (;;) {
    const polled = await pollConsumer(call);
    if (polled.messages.length > 0 || signal.aborted) return polled;
    if (polled.nothingUpTo === null) continue;
    const leaseEnd = await firstLeaseEnd(call);
    const until = leaseEnd === null ? signal : AbortSignal.any([signal, AbortSignal.timeout(leaseEnd)]);
    await feeds.wait(call.input.feed.appKey, { after: polled.nothingUpTo, signal: until });
  }
}

async function firstLeaseEnd({ ctx, input }: OutsideCall<PollConsumer>): Promise<number | null> {
  const consumer = await findConsumer(ctx, input.feed, input.consumer);
  const leases = consumer === null ? [] : await leasesOf(ctx, consumer);
  if (leases.length === 0) return null;
  return Math.max(0, Math.min(...leases.map(({ until }) => until)) - ctx.services.now());
}

async function tryPoll(ctx: OutsideContext, consumer: Consumer, input: PollConsumer): Promise<Polled | "taken"> {
  const leases = await leasesOf(ctx, consumer);
  const ended = leases.find(({ until }) => until <= ctx.services.now());
  if (ended !== undefined) return leaseAgain(ctx, consumer, ended, input);
  if (leases.length >= MAX_LEASES) {
    throw new PosthornError(
      "limit_reached",
      `${MAX_LEASES} pages of this consumer are leased and not committed. Commit them, or wait until their leases end.`,
    );
  }
  await checkRetained(ctx.services.store.db, consumer.feed, consumer.head);
  const page = await newestPage(ctx, consumer.feed, { from: consumer.head, limit: input.limit, filter: NO_FILTER });
  // Polls often find nothing: only a position that would otherwise expire is worth a write.
  if (page.messages.length === 0 && page.done && page.end.key - consumer.head.key < IDLE_KEYS) {
    return { messages: [], done: true, nothingUpTo: page.end.key };
  }
  return leaseNext(ctx, consumer, page, input.leaseMs);
}

/** Keys of one hour: a consumer without new messages moves on once in that time. */
const IDLE_KEYS = 3600 * 2 ** 22;

async function leasesOf({ services }: OutsideContext, { key }: Consumer): Promise<readonly Lease[]> {
  const rows = await services.store.db
    .selectFrom("feed_lease")
    .selectAll()
    .where("consumer_id", "=", key)
    .orderBy("from_key")
    .orderBy("from_late")
    .execute();
  return rows.map((row) => ({
    from: { key: row.from_key, late: row.from_late },
    to: { key: row.to_key, late: row.to_late },
    until: row.until,
  }));
}

async function leaseNext(
  { services, operation }: OutsideContext,
  { key, head }: Consumer,
  { messages, end, done }: FeedPage,
  leaseMs: number,
): Promise<Polled | "taken"> {
  return services.store.transaction(async ({ db }) => {
    const now = services.now();
    const { numUpdatedRows } = await db
      .updateTable("feed_consumer")
      .set({ head_key: end.key, head_late: end.late, used_at: now })
      .where("id", "=", key)
      .where("head_key", "=", head.key)
      .where("head_late", "=", head.late)
      .executeTakeFirstOrThrow();
    if (numUpdatedRows === 0n) return "taken";
    const last = messages.at(-1)?.position;
    if (last !== undefined) {
      // The page may end after its last message, at the horizon. The lease ends at that message, so committing the message ends the lease.
      const row = { consumer_id: key, from_key: head.key, from_late: head.late };
      await db
        .insertInto("feed_lease")
        .values({ ...row, to_key: last.key, to_late: last.late, until: now + leaseMs })
        .execute();
    }
    return { messages, done, nothingUpTo: messages.length === 0 && done ? end.key : null };
  }, operation);
}

async function leaseAgain(
  { services, operation }: OutsideContext,
  { key, feed }: Consumer,
  { from, to, until }: Lease,
  { limit, leaseMs }: PollConsumer,
): Promise<Polled | "taken"> {
  const { store, now } = services;
  // Everything up to the end of a lease is below the horizon.
  const page = await readPage(store.db, feed, { from, upTo: to, horizon: to.key + 1, limit, filter: NO_FILTER });
  const rest = !page.done && compare(page.end, to) < 0;
  const isTaken = await store.transaction(async ({ db }) => {
    const { numDeletedRows } = await db
      .deleteFrom("feed_lease")
      .where("consumer_id", "=", key)
      .where("from_key", "=", from.key)
      .where("from_late", "=", from.late)
      .where("until", "=", until)
      .executeTakeFirstOrThrow();
    if (numDeletedRows === 0n) return true;
    const add = (start: Position, end: Position, at: number) =>
      db
        .insertInto("feed_lease")
        .values({
          consumer_id: key,
          from_key: start.key,
          from_late: start.late,
          to_key: end.key,
          to_late: end.late,
          until: at,
        })
        .execute();
    // Messages that were deleted in the meantime need no commit.
    if (page.messages.length > 0) await add(from, rest ? page.end : to, now() + leaseMs);
    if (rest) await add(page.end, to, 0);
    await db.updateTable("feed_consumer").set({ used_at: now() }).where("id", "=", key).execute();
    return false;
  }, operation);
  // An empty page: the next try finds what follows.
  return isTaken || page.messages.length === 0 ? "taken" : { messages: page.messages, done: false, nothingUpTo: null };
}

export interface CommitConsumer {
  readonly feed: Feed;
  readonly consumer: string;
  /** Offset of the last message that was processed. */
  readonly offset: number;
}

/**
 * Commits the messages of a page up to an offset. Pages that were handed out before are not affected: other workers may be processing them.
 * A commit of committed messages does nothing.
 */
export async function commitConsumer({ ctx, input }: OutsideCall<CommitConsumer>): Promise<void> {
  const { store, now } = ctx.services;
  const { feed, offset } = input;
  const consumer = await findConsumer(ctx, feed, input.consumer);
  if (consumer === null) {
    throw new PosthornError(
      "not_found",
      "There is no such consumer. A consumer is created by its first poll, and deleted after 30 days without use.",
    );
  }
  const place = await placeOfMessage(store.db, feed, offset);
  if (place === null) throw invalid("offset", "There is no message with this offset in the feed.");
  if (compare(place, consumer.head) > 0) {
    throw invalid(
      "offset",
      "This message has not been handed out to the consumer yet. Commit the offset of a message that it received.",
    );
  }
  await store.transaction(async ({ db }) => {
    const rows = await db
      .selectFrom("feed_lease")
      .selectAll()
      .where("consumer_id", "=", consumer.key)
      .where("from_key", "<=", place.key)
      .execute();
    const lease = rows.find(
      (row) =>
        compare({ key: row.from_key, late: row.from_late }, place) < 0 &&
        compare(place, { key: row.to_key, late: row.to_late }) <= 0,
    );
    if (lease === undefined) return;
    const isAll = compare(place, { key: lease.to_key, late: lease.to_late }) === 0;
    const { consumer_id, from_key, from_late } = lease;
    const found = { consumer_id, from_key, from_late };
    await db
      .deleteFrom("feed_lease")
      .where((eb) => eb.and(found))
      .execute();
    if (!isAll) {
      await db
        .insertInto("feed_lease")
        .values({ ...lease, from_key: place.key, from_late: place.late })
        .execute();
    }
    await db.updateTable("feed_consumer").set({ used_at: now() }).where("id", "=", consumer.key).execute();
  }, ctx.operation);
}
