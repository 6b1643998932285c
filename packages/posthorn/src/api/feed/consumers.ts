/** Routes of named consumers, whose positions the server keeps. */
import { Type } from "typebox";
import { deleteConsumers, findConsumer, listConsumers, moveConsumer, stateOf } from "../../domain/feed/consumer.ts";
import { type OutsideContext, write } from "../../domain/context.ts";
import { getFeed } from "../../domain/feed/find.ts";
import { commitConsumer, pollConsumerWaiting } from "../../domain/feed/poll.ts";
import { notFound } from "../../lib/errors.ts";
import { PageQuery } from "../models/common.ts";
import {
  ConsumerCommitIn,
  ConsumerPageOut,
  ConsumerPollIn,
  ConsumerResetIn,
  FeedConsumerList,
  FeedConsumerOut,
} from "../models/feed.ts";
import { noContent, ok } from "../reply.ts";
import { defineRoute, type Route } from "../route.ts";
import { waiting } from "./readers.ts";
import { type FeedScope, refOf } from "./scope.ts";
import { consumerName, consumerOut, feedMessageOut, pageOut, resetPosition } from "./wire.ts";

const nameOf = (params: unknown): string => consumerName((params as { readonly consumer_id: string }).consumer_id);

async function getConsumer(ctx: OutsideContext, params: unknown) {
  const { feed } = await getFeed(ctx, refOf(params));
  const consumer = await findConsumer(ctx, feed, nameOf(params));
  if (consumer === null) throw notFound("consumer");
  return { feed, consumer };
}

export function consumerRoutes(scope: FeedScope): readonly Route[] {
  return [list(scope), get(scope), poll(scope), commit(scope), reset(scope), remove(scope)];
}

function list({ path, operations, of }: FeedScope): Route {
  return defineRoute({
    method: "GET",
    path: `${path}/consumer`,
    operationId: `${operations}.consumer.list`,
    tag: "Feed",
    summary: `List the consumers of ${of}`,
    description: "By name, with position and lag.",
    access: "pull",
    permission: "read",
    query: Type.Object(PageQuery),
    responses: { 200: FeedConsumerList },
    handle: async ({ ctx, params, query }) => {
      const { feed } = await getFeed(ctx, refOf(params));
      const { rows, done } = await listConsumers(ctx, feed, {
        limit: query.limit ?? 50,
        after: query.iterator ?? null,
      });
      const data: object[] = [];
      for (const row of rows) data.push(consumerOut(await stateOf(ctx, row)));
      return ok({ data, iterator: rows.at(-1)?.name ?? null, done });
    },
  });
}

function get({ path, operations, of }: FeedScope): Route {
  return defineRoute({
    method: "GET",
    path: `${path}/consumer/:consumer_id`,
    operationId: `${operations}.consumer.get`,
    tag: "Feed",
    summary: `Get a consumer of ${of}`,
    description: "Returns its position, its leases, and the number of messages behind it.",
    access: "pull",
    permission: "read",
    responses: { 200: FeedConsumerOut },
    handle: async ({ ctx, params }) => {
      const { consumer } = await getConsumer(ctx, params);
      return ok(consumerOut(await stateOf(ctx, consumer)));
    },
  });
}

function poll({ path, operations, of }: FeedScope): Route {
  return defineRoute({
    method: "POST",
    path: `${path}/consumer/:consumer_id/poll`,
    operationId: `${operations}.consumer.poll`,
    tag: "Feed",
    summary: `Receive the next messages of ${of}`,
    description:
      "Creates the consumer if there is none. The messages are leased: those that are not committed when the lease ends are handed out again. Several workers can share a consumer; each gets other messages.",
    access: "pull",
    permission: "payloads:read",
    idempotency: "none",
    body: ConsumerPollIn,
    responses: { 200: ConsumerPageOut },
    audit: "view by user",
    handle: async ({ ctx, params, body, disconnected }) => {
      const { feed } = await getFeed(ctx, refOf(params));
      const input = {
        feed,
        consumer: nameOf(params),
        limit: body.limit ?? 50,
        leaseMs: (body.leaseSeconds ?? 60) * 1000,
        start: body.startingPosition ?? "earliest",
      };
      const { messages, done } = await waiting(ctx.actor, body.waitSeconds ?? 0, disconnected, (signal) =>
        pollConsumerWaiting({ ctx, input }, signal),
      );
      const data = messages.map((found) => feedMessageOut(found, body.raw ?? false));
      return ok(pageOut(data, { done }));
    },
  });
}

function commit({ path, operations, of }: FeedScope): Route {
  return defineRoute({
    method: "POST",
    path: `${path}/consumer/:consumer_id/commit`,
    operationId: `${operations}.consumer.commit`,
    tag: "Feed",
    summary: `Commit messages of ${of}`,
    description:
      "Commits the messages of a page up to this offset: they are not handed out again. Pages that were handed out before are not affected. Repeating a commit does nothing.",
    access: "pull",
    permission: "payloads:read",
    idempotency: "none",
    body: ConsumerCommitIn,
    responses: { 204: null },
    audit: "none",
    handle: async ({ ctx, params, body }) => {
      const { feed } = await getFeed(ctx, refOf(params));
      await commitConsumer({ ctx, input: { feed, consumer: nameOf(params), offset: body.offset } });
      return noContent();
    },
  });
}

function reset({ path, operations, of }: FeedScope): Route {
  return defineRoute({
    method: "POST",
    path: `${path}/consumer/:consumer_id/reset`,
    operationId: `${operations}.consumer.reset`,
    tag: "Feed",
    summary: `Move a consumer of ${of}`,
    description: "Continues at another position, forwards or backwards. Its leases end.",
    access: "pull",
    permission: "endpoints:write",
    idempotency: "none",
    body: ConsumerResetIn,
    responses: { 200: FeedConsumerOut },
    audit: "change",
    handle: async ({ ctx, params, body }) => {
      const { feed, consumer } = await getConsumer(ctx, params);
      const to = await resetPosition(ctx, feed, body);
      await write(ctx, (tx) => moveConsumer(tx, consumer, to, ctx.services.now()));
      const moved = await getConsumer(ctx, params);
      return ok(consumerOut(await stateOf(ctx, moved.consumer)));
    },
  });
}

function remove({ path, operations, of }: FeedScope): Route {
  return defineRoute({
    method: "DELETE",
    path: `${path}/consumer/:consumer_id`,
    operationId: `${operations}.consumer.delete`,
    tag: "Feed",
    summary: `Delete a consumer of ${of}`,
    description: "The messages of the feed are not affected. A poll with the name creates a new consumer.",
    access: "pull",
    permission: "endpoints:write",
    responses: { 204: null },
    handle: async ({ ctx, params }) => {
      const { consumer } = await getConsumer(ctx, params);
      await write(ctx, ({ db }) => deleteConsumers(db, [consumer.key]));
      return noContent();
    },
  });
}
