/** Routes that read a feed from a cursor which the caller keeps. */
import { Type } from "typebox";
import { getFeed } from "../../domain/feed/find.ts";
import { encodeCursor } from "../../domain/feed/position.ts";
import { readFeedWaiting } from "../../domain/feed/read.ts";
import { PageQuery } from "../models/common.ts";
import { FeedPageOut, FeedQuery, MAX_WAIT_SECONDS } from "../models/feed.ts";
import { ok } from "../reply.ts";
import { defineRoute, type Route } from "../route.ts";
import { waiting } from "./readers.ts";
import { startPosition, feedMessageOut, filterOf, pageOut } from "./wire.ts";
import { type FeedScope, refOf } from "./scope.ts";

export function readRoute(scope: FeedScope): Route {
  return defineRoute({
    method: "GET",
    path: scope.path,
    operationId: `${scope.operations}.read`,
    tag: "Feed",
    summary: `Read the messages of ${scope.of}`,
    description: `${scope.what} Reading changes nothing and does not affect deliveries. The order is the same for every reader and never changes: store \`cursor\` after processing a page, and no message is missed or repeated.`,
    access: "pull",
    permission: "payloads:read",
    query: Type.Object({
      ...FeedQuery,
      limit: PageQuery.limit,
      wait: Type.Optional(
        Type.Number({
          minimum: 0,
          maximum: MAX_WAIT_SECONDS,
          default: 0,
          description: "Seconds to wait for a message if there is none.",
        }),
      ),
    }),
    responses: { 200: FeedPageOut },
    audit: "view by user",
    handle: async ({ ctx, params, query, disconnected }) => {
      const { feed } = await getFeed(ctx, refOf(params));
      const from = await startPosition(ctx, feed, query);
      const input = { feed, from, limit: query.limit ?? 50, filter: filterOf(query) };
      const page = await waiting(ctx.actor, query.wait ?? 0, disconnected, (signal) =>
        readFeedWaiting({ ctx, input }, signal),
      );
      const data = page.messages.map((found) => feedMessageOut(found, query.raw ?? false));
      return ok(pageOut(data, { cursor: encodeCursor(feed, page.end), done: page.done }));
    },
  });
}
