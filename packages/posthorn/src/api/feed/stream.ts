/**
 * `GET …/feed/stream`: streams a feed as server-sent events. Each event has its cursor as ID, so that a client that reconnects with
 * `Last-Event-ID` continues after the last message that it received, without a gap and without a repetition.
 */
import type { ServerResponse } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { Identity } from "../../domain/auth/token-lookup.ts";
import type { OutsideContext, Services } from "../../domain/context.ts";
import { type FeedRef, getFeed } from "../../domain/feed/find.ts";
import type { FeedFilter, FeedPage } from "../../domain/feed/page.ts";
import { encodeCursor, type Feed, type Position } from "../../domain/feed/position.ts";
import { readFeedWaiting } from "../../domain/feed/read.ts";
import { PosthornError } from "../../lib/errors.ts";
import { HttpError, HttpValidationError, ref } from "../models/common.ts";
import { FeedQuery } from "../models/feed.ts";
import { authorize } from "../authorize.ts";
import { openEventStream } from "../open-event-stream.ts";
import { queryValidator, refuseUnknown } from "../validation.ts";
import { OPEN_READERS } from "./readers.ts";
import { type FeedScope, refOf, SCOPES } from "./scope.ts";
import { startPosition, feedMessageOut, filterOf, type FeedRange } from "./wire.ts";

export interface StreamOptions {
  readonly services: Services;
  /** Identifies the caller, or throws. Called again while the stream is open, so that the stream ends with its token. */
  readonly identify: (request: FastifyRequest) => Promise<Identity>;
}

/** Interval of comments in the stream. They keep proxies from closing it, and reveal disconnected clients. */
const HEARTBEAT_MS = 15_000;
const PAGE = 100;
/** A client that reads nothing for this long is disconnected. It continues with its last cursor. */
const STALLED_MS = 30_000;

const Query = Type.Object(FeedQuery);
const checkQuery = queryValidator(Query);

export const STREAM_PATHS: readonly FeedScope[] = SCOPES.map((scope) => ({ ...scope, path: `${scope.path}/stream` }));

export function registerFeedStreams(app: FastifyInstance, options: StreamOptions): void {
  const closing = new AbortController();
  app.addHook("preClose", (done) => {
    closing.abort();
    done();
  });
  for (const scope of STREAM_PATHS) {
    app.get(scope.path, (request, reply) => open(request, reply, { ...options, scope, closing: closing.signal }));
  }
}

interface Opening extends StreamOptions {
  readonly scope: FeedScope;
  readonly closing: AbortSignal;
}

async function open(request: FastifyRequest, reply: FastifyReply, options: Opening): Promise<void> {
  const { services, identify, scope, closing } = options;
  const route = { access: "pull", permission: "payloads:read", path: scope.path } as const;
  const actor = await authorize(services, (await identify(request)).actor, route, request.params);
  refuseUnknown({ operationId: `${scope.operations}.stream`, query: Query }, request.query);
  checkQuery(request.query);
  const query = request.query as FeedRange & Parameters<typeof filterOf>[0] & { readonly raw?: boolean };
  const ctx: OutsideContext = { services, actor, tx: null, operation: `${scope.operations}.stream` };
  const { feed } = await getFeed(ctx, refOf(request.params));
  const last = request.headers["last-event-id"];
  const range = typeof last === "string" && last !== "" ? { cursor: last } : query;
  const from = await startPosition(ctx, feed, range);
  using stack = new DisposableStack();
  stack.use(OPEN_READERS.enter(actor));
  const response = openEventStream(reply);
  if (response === null) return;
  const ended = new AbortController();
  response.once("close", () => ended.abort());
  response.write(`retry: 2000\nid: ${encodeCursor(feed, from)}\nevent: open\ndata: {}\n\n`);
  const signal = AbortSignal.any([ended.signal, closing]);
  const reading = { ctx, feed, from, filter: filterOf(query), raw: query.raw ?? false };
  const isAllowed = async (identity: Identity | null): Promise<boolean> => {
    if (identity === null || identity.actor.orgId !== actor.orgId) return false;
    try {
      await authorize(services, identity.actor, route, request.params);
      return true;
    } catch {
      return false;
    }
  };
  const stillAllowed = async (): Promise<boolean> =>
    (await isAllowed(await identify(request).catch(() => null))) && isReadable(ctx, refOf(request.params));
  await pump(response, reading, signal, stillAllowed).catch((error: unknown) => {
    if (!signal.aborted) request.log.warn({ err: error }, "a feed stream ended; its client will reconnect");
  });
  response.end();
}

/** Whether the feed can still be read: its endpoint was neither deleted nor, if it is only pulled, disabled. */
async function isReadable(ctx: OutsideContext, feed: FeedRef): Promise<boolean> {
  try {
    await getFeed(ctx, feed);
    return true;
  } catch (error) {
    if (error instanceof PosthornError && error.status < 500) return false;
    throw error;
  }
}

interface Reading {
  readonly ctx: OutsideContext;
  readonly feed: Feed;
  readonly from: Position;
  readonly filter: FeedFilter;
  readonly raw: boolean;
}

async function pump(
  response: ServerResponse,
  { ctx, feed, from, filter, raw }: Reading,
  signal: AbortSignal,
  stillAllowed: () => Promise<boolean>,
): Promise<void> {
  for (let at = from; !signal.aborted;) {
    const input = { feed, from: at, limit: PAGE, filter };
    const wait = AbortSignal.any([signal, AbortSignal.timeout(HEARTBEAT_MS)]);
    const page = await readFeedWaiting({ ctx, input }, wait);
    // A token that was revoked, or has expired, reads nothing more.
    if (signal.aborted || !(await stillAllowed())) return;
    at = page.end;
    if (!response.write(eventsOf(feed, page, raw)) && !(await drained(response, signal))) return;
  }
}

/** The events of a page. An empty one advances the position of the client. */
function eventsOf(feed: Feed, { messages, end }: FeedPage, raw: boolean): string {
  if (messages.length === 0) return `:\nid: ${encodeCursor(feed, end)}\n\n`;
  return messages
    .map((found) => {
      const lines = feedMessageOut(found, raw).text.split(/\r\n|\r|\n/);
      const data = lines.map((line) => `data: ${line}\n`).join("");
      return `id: ${encodeCursor(feed, found.position)}\nevent: message\n${data}\n`;
    })
    .join("");
}

/** Whether the client has read what was written. A client that does not is disconnected, so that it uses no memory. */
export function drained(response: ServerResponse, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (isRead: boolean): void => {
      clearTimeout(timer);
      response.off("drain", read);
      signal.removeEventListener("abort", stop);
      resolve(isRead);
    };
    const read = (): void => finish(true);
    const stop = (): void => finish(false);
    const timer = setTimeout(() => {
      response.destroy();
      finish(false);
    }, STALLED_MS);
    response.once("drain", read);
    signal.addEventListener("abort", stop, { once: true });
  });
}

/** Description of a stream for the OpenAPI document. */
export function descriptionOf({ operations, of }: FeedScope) {
  const error = ref(HttpError);
  const names = operations === "v1.feed" ? ["app_id"] : ["app_id", "endpoint_id"];
  return {
    operationId: `${operations}.stream`,
    tags: ["Feed"],
    summary: `Stream the messages of ${of}`,
    description:
      "Server-sent events named `message`, with the same data as a page of the feed. The ID of each is its cursor: send it as `Last-Event-ID` to continue after a disconnect. A comment every 15 seconds keeps the connection open. A client that reads nothing for 30 seconds is disconnected, and continues in the same way.",
    security: [{ token: [] }],
    params: Type.Object(Object.fromEntries(names.map((name) => [name, Type.String()]))),
    querystring: Query,
    response: {
      200: { description: "A stream of events.", content: { "text/event-stream": { schema: { type: "string" } } } },
      401: { description: "The token is missing, wrong, expired or revoked.", ...error },
      403: { description: "The token does not allow this.", ...error },
      404: { description: "There is no such application or endpoint.", ...error },
      422: { description: "The request violates a rule.", ...ref(HttpValidationError) },
      429: { description: "Too many streams are open.", ...error },
      503: { description: "Not now; try again.", ...error },
    },
  };
}
