/**
 * Request listener in front of Fastify. Publishing and inbound webhooks are nearly all requests of a busy server, so their ordinary form
 * is handled here for less CPU time. Any other request goes to Fastify, whose routes give the same responses: see `test/hot-routes.test.ts`.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { INERT } from "./inert.ts";
import { PROBLEM_TYPE } from "./problem.ts";
import type { Reply } from "./reply.ts";
import type { FastifyBaseLogger } from "fastify";
import type { Authenticator } from "../domain/auth/authenticate.ts";
import type { Services } from "../domain/context.ts";
import { layoutOf, type ParsedBody, PUBLISHED_AT_ONCE_BYTES, readPublication } from "./body.ts";
import { failureReply } from "./failure.ts";
import { invoker } from "./invoke.ts";
import { createMessage } from "./message/create.ts";
import type { RequestLog } from "./request-log/buffer.ts";
import { errorCodeOf } from "./request-log/error-code.ts";
import type { Gateway } from "../ingest/gateway.ts";
import type { InboundResponse } from "../ingest/inbound-response.ts";
import type { HotBody, HotRequest, HotResponse, HotRoute } from "./hot-route.ts";
import { receiveInbound, sendInbound } from "./inbound.ts";
import { ownBytes } from "../domain/message/prepare.ts";
import { readTraceContext } from "../lib/trace-context.ts";

export type Listener = (request: IncomingMessage, response: ServerResponse) => void;

export interface HotRoutes {
  readonly publish: HotRoute;
  readonly inbound: HotRoute;
}

export class Front {
  readonly #routes: HotRoutes | null;
  #isClosing = false;

  /** @param routes `null`: Fastify handles all requests. */
  constructor(routes: HotRoutes | null) {
    this.#routes = routes;
  }

  /** From now on Fastify handles all requests: it closes their connections. */
  close(): void {
    this.#isClosing = true;
  }

  /** All routes as one; `null`: there are none. */
  get route(): HotRoute | null {
    if (this.#routes === null) return null;
    const { publish, inbound } = this.#routes;
    return (request, response, body) =>
      !this.#isClosing && (publish(request, response, body) || inbound(request, response, body));
  }

  /** Listener that passes the requests of other routes to `fastify`. */
  before(fastify: Listener): Listener {
    const { route } = this;
    if (route === null) return fastify;
    return (request, response) => {
      if (!route(request, response, request)) fastify(request, response);
    };
  }
}

/** Writes a response, unless a host program has already written one. `close`: closes the connection afterwards. */
export type Responder = (response: HotResponse, reply: Reply, close: boolean) => void;

const FINAL_HEADERS = Object.entries(INERT).flat();
const TYPE_HEADERS = ["content-type", "application/json"];

/**
 * @param first Names and values of the first headers, in turn.
 * @param retryAfter Returns the seconds for `Retry-After` while the server cannot process requests.
 */
export function responder(first: readonly string[], retryAfter: () => number): Responder {
  const ordinary = [...first, ...FINAL_HEADERS, ...TYPE_HEADERS];
  return (response, { status, json }, close) => {
    // For example because a timeout of the host program has ended it.
    if (response.headersSent) return;
    const text = json ?? "";
    const length = Buffer.byteLength(text);
    const headers = close || status === 429 || status === 503 ? headersOf(first, status, close, retryAfter) : ordinary;
    response.writeHead(status, [...headers, "content-length", `${length}`]);
    // As text, which Node writes to the socket together with the head. A buffer would be a second write.
    response.end(text, length === text.length ? "latin1" : "utf8");
  };
}

function headersOf(first: readonly string[], status: number, close: boolean, retryAfter: () => number): string[] {
  const wait = status === 429 ? 5 : status === 503 ? retryAfter() : null;
  return [
    ...first,
    ...(close ? ["connection", "close"] : []),
    ...FINAL_HEADERS,
    ...(wait === null ? [] : ["retry-after", `${wait}`]),
    ...TYPE_HEADERS,
  ];
}

export interface PublishOptions {
  readonly services: Services;
  readonly authenticator: Pick<Authenticator, "known">;
  readonly log: FastifyBaseLogger;
  /** Logs requests that fail; `null`: they are not logged. */
  readonly requests: Pick<RequestLog, "answered"> | null;
  readonly respond: Responder;
  /** Whether a request is for the separate origin of inbound webhooks; `null`: there is none. */
  readonly isForIngest: ((request: HotRequest) => boolean) | null;
  /** Maximum body size. Fastify rejects larger bodies. */
  readonly maxBodyBytes: number;
}

const PREFIX = "/api/v1/app/";
const SUFFIX = "/msg";
const SCHEME = "Bearer ";
/** Ids and uids. Anything else may be encoded. */
const PLAIN_NAME = /^[\w.-]{1,256}$/;
/** Queries by their text. Others are rare. */
const QUERIES: ReadonlyMap<string, Readonly<Record<string, string>>> = new Map([
  ["", {}],
  ["?with_content=false", { with_content: "false" }],
  ["?with_content=true", { with_content: "true" }],
]);

/** Publishes a message: `POST /api/v1/app/:app_id/msg` in its ordinary form. */
export function publishRoute({
  services,
  authenticator,
  log,
  requests,
  respond,
  isForIngest,
  maxBodyBytes,
}: PublishOptions): HotRoute {
  const invoke = invoker(createMessage);
  const layout = layoutOf(createMessage.body);
  const maxBytes = Math.min(maxBodyBytes, PUBLISHED_AT_ONCE_BYTES);
  const { path: route, operationId: operation } = createMessage;
  return (request, response, source) => {
    const { url = "", method, httpVersionMajor, httpVersionMinor } = request;
    if (!url.startsWith(PREFIX) || method !== "POST" || httpVersionMajor !== 1 || httpVersionMinor !== 1) return false;
    const end = url.indexOf("/", PREFIX.length);
    if (end === -1 || !url.startsWith(SUFFIX, end)) return false;
    const query = QUERIES.get(url.slice(end + SUFFIX.length));
    const app = url.slice(PREFIX.length, end);
    if (query === undefined || !PLAIN_NAME.test(app)) return false;
    const { headers } = request;
    const length = Number(headers["content-length"]);
    if (!(length > 0 && length <= maxBytes) || !isOrdinary(headers)) return false;
    const { authorization = "", "idempotency-key": idempotencyKey, "user-agent": userAgent } = headers;
    if (!authorization.startsWith(SCHEME)) return false;
    const caller = authorization.slice(SCHEME.length);
    const actor = authenticator.known(caller);
    // Fastify looks up unknown tokens and responds to invalid ones, and to callers without the permission.
    if (actor === null || actor.kind !== "organisation" || isForIngest?.(request) === true) return false;
    const { permissions, inApplication } = actor.grant;
    if (!permissions.has(createMessage.permission) || inApplication !== undefined) return false;
    const start = performance.now();
    const refuse = (error: unknown, close: boolean): void => {
      const refusal = failureReply(error, { log, socket: request.socket });
      respond(response, refusal, close);
      requests?.answered({
        actor,
        method,
        route,
        operation,
        status: refusal.status,
        errorCode: errorCodeOf(refusal),
        durationMs: performance.now() - start,
        clientRequestId: headers["x-request-id"],
      });
    };
    const fail = (error: unknown): void => refuse(error, false);
    const succeed = (result: Reply): void => respond(response, result, false);
    // Like Fastify, which closes the connection after a body that it cannot read.
    const failToRead = (error: unknown): void => refuse(error, true);
    const publish = (body: ParsedBody): void => {
      // Express removes the path of the mount from `url`.
      const { originalUrl = url } = request as IncomingMessage & { readonly originalUrl?: string };
      const params = { app_id: app };
      // Read here, so that calls without a context pass no other code.
      const trace = headers["traceparent"] === undefined ? undefined : (readTraceContext(headers) ?? undefined);
      const asked = { url: originalUrl, params, query: { ...query }, body };
      const call = { actor, caller, ...asked, idempotencyKey, userAgent, trace };
      invoke(services, call).then(succeed, fail);
    };
    readBody(source, (raw) => {
      let body: ParsedBody | Promise<ParsedBody>;
      try {
        body = readPublication(raw, layout);
      } catch (error) {
        return failToRead(error);
      }
      if (body instanceof Promise) body.then(publish, failToRead);
      else publish(body);
    });
    return true;
  };
}

/** Whether the request comes from a program, and its length is known. Fastify rejects a request without a host. */
function isOrdinary(headers: IncomingHttpHeaders): boolean {
  const { host, origin, accept } = headers;
  if (host === undefined || origin !== undefined || headers["transfer-encoding"] !== undefined) return false;
  return accept?.includes(PROBLEM_TYPE) !== true;
}

/** Calls `done` with the whole body, without what was read from the socket together with it. Does not call it if the client disconnects. */
function readBody(request: HotBody, done: (body: Buffer) => void): void {
  if (Buffer.isBuffer(request)) return done(ownBytes(request));
  let first: Buffer | null = null;
  let chunks: Buffer[] | null = null;
  request.on("data", (chunk: Buffer) => {
    if (first === null) first = chunk;
    else (chunks ??= [first]).push(chunk);
  });
  request.on("end", () => done(chunks === null ? ownBytes(first ?? EMPTY) : Buffer.concat(chunks)));
}

const EMPTY = Buffer.alloc(0);

export interface InboundOptions {
  readonly gateway: Gateway;
  readonly log: FastifyBaseLogger;
  readonly respond: Responder;
  /** Whether a request is for the separate origin of inbound webhooks; `null`: there is none. */
  readonly isForIngest: ((request: HotRequest) => boolean) | null;
  /** Whether the address of the sender may be in a header. */
  readonly hasProxies: boolean;
}

/** Path and query of a source URL whose path needs no decoding. */
const TARGET = /^\/in\/([0-9a-f]{40})(?:\/[\w.~-]+)*(?:\?.*)?$/;

/** Receives an inbound webhook: `POST /in/:token` in its ordinary form. */
export function inboundRoute({ gateway, log, respond, isForIngest, hasProxies }: InboundOptions): HotRoute {
  return (request, response, body) => {
    const { url = "", method, httpVersionMajor, httpVersionMinor } = request;
    if (!url.startsWith("/in/") || method !== "POST" || httpVersionMajor !== 1 || httpVersionMinor !== 1) return false;
    const token = TARGET.exec(url)?.[1];
    if (token === undefined) return false;
    const { headers, socket } = request;
    if (headers.host === undefined || (hasProxies && headers["x-forwarded-for"] !== undefined)) return false;
    if (isForIngest?.(request) === false) return false;
    const fail = (error: unknown): void => respond(response, failureReply(error, { log, socket }), false);
    const succeed = (inbound: InboundResponse): void => {
      try {
        sendInbound(response, inbound);
      } catch (error) {
        // A response of a receiver or a setting that cannot be written.
        fail(error);
      }
    };
    receiveInbound(gateway, { raw: request, body, token, address: socket.remoteAddress! }).then(succeed, fail);
    return true;
  };
}
