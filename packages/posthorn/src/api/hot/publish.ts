/** Publishing a message without Fastify: `POST /api/v1/app/:app_id/msg` in its ordinary form. */
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { FastifyBaseLogger } from "fastify";
import type { Authenticator } from "../../domain/auth/authenticate.ts";
import { requireAccess } from "../../domain/access.ts";
import type { Services } from "../../domain/context.ts";
import { PARSED_AT_ONCE_BYTES, type ParsedBody, parsePublication } from "../body.ts";
import { failureReply } from "../failure.ts";
import { invoker } from "../invoke.ts";
import { createMessage } from "../message/create.ts";
import type { Reply } from "../reply.ts";
import type { HotRoute, Responder } from "./front.ts";

export interface PublishOptions {
  readonly services: Services;
  readonly authenticator: Pick<Authenticator, "known">;
  readonly log: FastifyBaseLogger;
  readonly respond: Responder;
  /** Whether a request is for the separate origin of inbound webhooks; `null`: there is none. */
  readonly isForIngest: ((request: IncomingMessage) => boolean) | null;
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

export function publishRoute({ services, authenticator, log, respond, isForIngest }: PublishOptions): HotRoute {
  const invoke = invoker(createMessage);
  return (request, response) => {
    const { url = "", method, httpVersionMajor, httpVersionMinor } = request;
    if (!url.startsWith(PREFIX) || method !== "POST" || httpVersionMajor !== 1 || httpVersionMinor !== 1) return false;
    const end = url.indexOf("/", PREFIX.length);
    if (end === -1 || !url.startsWith(SUFFIX, end)) return false;
    const query = QUERIES.get(url.slice(end + SUFFIX.length));
    const app = url.slice(PREFIX.length, end);
    if (query === undefined || !PLAIN_NAME.test(app)) return false;
    const { headers } = request;
    const length = Number(headers["content-length"]);
    if (!(length > 0 && length <= PARSED_AT_ONCE_BYTES) || !isOrdinary(headers)) return false;
    const { authorization = "", "idempotency-key": idempotencyKey, "user-agent": userAgent } = headers;
    if (!authorization.startsWith(SCHEME)) return false;
    const caller = authorization.slice(SCHEME.length);
    const actor = authenticator.known(caller);
    // Fastify looks up unknown tokens and responds to invalid ones.
    if (actor === null || actor.kind !== "organisation" || isForIngest?.(request) === true) return false;
    requireAccess(actor, createMessage.access);
    const fail = (error: unknown): void =>
      respond(response, failureReply(error, { log, socket: request.socket }), false);
    const succeed = (result: Reply): void => respond(response, result, false);
    readBody(request, (raw) => {
      let body: ParsedBody;
      try {
        body = parsePublication(raw);
      } catch (error) {
        // Like Fastify, which closes the connection after a body that it cannot read.
        return respond(response, failureReply(error, { log, socket: request.socket }), true);
      }
      // Express removes the path of the mount from `url`.
      const { originalUrl = url } = request as IncomingMessage & { readonly originalUrl?: string };
      const params = { app_id: app };
      const call = { actor, caller, url: originalUrl, params, query: { ...query }, body, idempotencyKey, userAgent };
      invoke(services, call).then(succeed, fail);
    });
    return true;
  };
}

/** Whether the request comes from a program, and its length is known. Fastify rejects a request without a host. */
function isOrdinary(headers: IncomingHttpHeaders): boolean {
  return headers.host !== undefined && headers.origin === undefined && headers["transfer-encoding"] === undefined;
}

/** A chunk may be a view of everything that was read at once; beyond this many unused bytes it is copied, so that they are freed. */
const MAX_UNUSED_BYTES = 4096;

/** Calls `done` with the whole body. Does not call it if the client disconnects. */
export function readBody(request: IncomingMessage, done: (body: Buffer) => void): void {
  let first: Buffer | null = null;
  let chunks: Buffer[] | null = null;
  request.on("data", (chunk: Buffer) => {
    if (first === null) first = chunk;
    else (chunks ??= [first]).push(chunk);
  });
  request.on("end", () => done(chunks === null ? own(first ?? EMPTY) : Buffer.concat(chunks)));
}

const EMPTY = Buffer.alloc(0);

function own(chunk: Buffer): Buffer {
  return chunk.buffer.byteLength - chunk.length > MAX_UNUSED_BYTES ? Buffer.from(chunk) : chunk;
}
