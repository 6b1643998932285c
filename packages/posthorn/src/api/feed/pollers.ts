/** Pollers as the compatible clients call them: version 1 pages by iterator, version 2 leases messages. */
import { Type } from "typebox";
import { findOrCreateConsumer, moveConsumer } from "../../domain/feed/consumer.ts";
import { type OutsideContext, write } from "../../domain/context.ts";
import { getFeed } from "../../domain/feed/find.ts";
import { NO_FILTER } from "../../domain/feed/page.ts";
import { commitConsumer, pollConsumer } from "../../domain/feed/poll.ts";
import { compare, decodeCursor, encodeCursor, type Feed } from "../../domain/feed/position.ts";
import { readFeed, startOf } from "../../domain/feed/read.ts";
import { PosthornError } from "../../lib/errors.ts";
import { ChannelName, Name, PageQuery } from "../models/common.ts";
import {
  PollerV2CommitIn,
  PollerV2PollOut,
  PollingEndpointConsumerSeekIn,
  PollingEndpointConsumerSeekOut,
  PollingEndpointOut,
} from "../models/feed.ts";
import { noContent, ok, type Reply } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { startPosition, consumerName, feedMessageOut, pageOut, polledMessageOut } from "./wire.ts";

const Iterator = Type.Optional(Type.String({ maxLength: 300, description: "The `iterator` of an earlier page." }));

async function feedOf(
  ctx: OutsideContext,
  params: { readonly app_id: string; readonly sink_id: string },
): Promise<Feed> {
  return (await getFeed(ctx, { app: params.app_id, endpoint: params.sink_id })).feed;
}

export const poll = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/poller/:sink_id",
  operationId: "v1.message.poller.poll",
  tag: "Poller",
  summary: "Poll an endpoint",
  description:
    "Without `iterator` and `after`, the page is empty and its `iterator` returns what is published from now on. Store the `iterator` after processing a page.",
  access: "pull",
  permission: "payloads:read",
  query: Type.Object({
    limit: PageQuery.limit,
    iterator: Iterator,
    event_type: Type.Optional(Name),
    channel: Type.Optional(ChannelName),
    after: Type.Optional(Type.String({ format: "date-time", description: "Begin with messages from this time on." })),
  }),
  responses: { 200: PollingEndpointOut },
  audit: "view by user",
  handle: async ({ ctx, params, query }) => {
    const feed = await feedOf(ctx, params);
    const { iterator, after, limit = 50, event_type: type, channel } = query;
    const range = after === undefined ? { starting_position: "latest" as const } : { after };
    const from = await startPosition(ctx, feed, iterator ? { cursor: iterator } : range, "iterator");
    if (!iterator && after === undefined) return pollReply(feed, { messages: [], end: from, done: true });
    const filter = { eventTypes: type === undefined ? null : new Set([type]), channel: channel ?? null };
    return pollReply(feed, await readFeed({ ctx, input: { feed, from, limit, filter } }));
  },
});

function pollReply(feed: Feed, { messages, end, done }: Awaited<ReturnType<typeof readFeed>>): Reply {
  return ok(pageOut(messages.map(polledMessageOut), { iterator: encodeCursor(feed, end), done }));
}

export const consumerPoll = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/poller/:sink_id/consumer/:consumer_id",
  operationId: "v1.message.poller.consumer-poll",
  tag: "Poller",
  summary: "Poll an endpoint as a consumer",
  description:
    "The server keeps the position of the consumer. With the `iterator` of the last page, the page is committed and the next one returned; without it, the page after the last committed one. A new consumer begins at the oldest stored message.",
  access: "pull",
  permission: "payloads:read",
  query: Type.Object({ limit: PageQuery.limit, iterator: Iterator }),
  responses: { 200: PollingEndpointOut },
  audit: "view by user",
  handle: async ({ ctx, params, query }) => {
    const feed = await feedOf(ctx, params);
    const name = consumerName(params.consumer_id);
    const { iterator, limit = 50 } = query;
    const consumer = await findOrCreateConsumer(ctx, feed, name, "earliest");
    let from = consumer.head;
    if (iterator) {
      const next = decodeCursor(feed, iterator, ["query", "iterator"]);
      if (compare(next, from) < 0) throw stale();
      if (compare(next, from) > 0) await write(ctx, (tx) => moveConsumer(tx, consumer, next, ctx.services.now()));
      from = next;
    }
    return pollReply(feed, await readFeed({ ctx, input: { feed, from, limit, filter: NO_FILTER } }));
  },
});

function stale(): PosthornError {
  return new PosthornError(
    "conflict",
    "The consumer has committed later messages than this iterator: another process uses the same name. Poll without iterator to continue, or seek.",
  );
}

export const consumerSeek = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/poller/:sink_id/consumer/:consumer_id/seek",
  operationId: "v1.message.poller.consumer-seek",
  tag: "Poller",
  summary: "Move a consumer to a time",
  description: "The next poll returns the messages from that time on.",
  access: "pull",
  permission: "endpoints:write",
  idempotency: "none",
  body: PollingEndpointConsumerSeekIn,
  responses: { 200: PollingEndpointConsumerSeekOut },
  audit: "change",
  handle: async ({ ctx, params, body }) => {
    const feed = await feedOf(ctx, params);
    const consumer = await findOrCreateConsumer(ctx, feed, consumerName(params.consumer_id), "earliest");
    const to = await startOf(ctx, feed, { after: Date.parse(body.after) });
    await write(ctx, (tx) => moveConsumer(tx, consumer, to, ctx.services.now()));
    return ok({ iterator: encodeCursor(feed, to) });
  },
});

const LEASE_MS = 60_000;

export const leasedPoll = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/polling-endpoint/:sink_id/consumer/:consumer_id",
  operationId: "v1.polling-endpoint.consumer-poll",
  tag: "Poller",
  summary: "Receive the next messages of an endpoint",
  description:
    "Leases the messages: those that are not committed when the lease ends are handed out again. Creates the consumer if there is none.",
  access: "pull",
  permission: "payloads:read",
  query: Type.Object({
    limit: PageQuery.limit,
    lease_duration_ms: Type.Optional(Type.Integer({ minimum: 1000, maximum: 43_200_000, default: LEASE_MS })),
    starting_position: Type.Optional(
      Type.Union([Type.Literal("earliest"), Type.Literal("latest")], {
        default: "earliest",
        description: "Where a new consumer begins.",
      }),
    ),
  }),
  responses: { 200: PollerV2PollOut },
  audit: "view by user",
  handle: async ({ ctx, params, query }) => {
    const feed = await feedOf(ctx, params);
    const { limit = 50, lease_duration_ms: leaseMs = LEASE_MS, starting_position: start = "earliest" } = query;
    const consumer = consumerName(params.consumer_id);
    const { messages, done } = await pollConsumer({ ctx, input: { feed, consumer, limit, leaseMs, start } });
    return ok(
      pageOut(
        messages.map((found) => feedMessageOut(found, false)),
        { done },
      ),
    );
  },
});

export const leasedCommit = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/polling-endpoint/:sink_id/consumer/:consumer_id/commit",
  operationId: "v1.polling-endpoint.consumer-commit",
  tag: "Poller",
  summary: "Commit messages of an endpoint",
  description: "Commits the messages of a page up to this offset: they are not handed out again.",
  access: "pull",
  permission: "payloads:read",
  idempotency: "none",
  body: PollerV2CommitIn,
  responses: { 204: null },
  audit: "none",
  handle: async ({ ctx, params, body }) => {
    const feed = await feedOf(ctx, params);
    const input = { feed, consumer: consumerName(params.consumer_id), offset: body.offset };
    await commitConsumer({ ctx, input });
    return noContent();
  },
});
