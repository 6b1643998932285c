/**
 * MCP endpoints: `/mcp` for the organisation, `/mcp/app/{app}` for one application, which customers use with their own tokens. The methods are
 * loaded with the first request, because most servers have none.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Authenticator } from "../../domain/auth/authenticate.ts";
import type { Services } from "../../domain/context.ts";
import { type Actor, hasSameAccess, seesApplication } from "../../domain/access.ts";
import { findApplication } from "../../domain/application/find.ts";
import { PosthornError, ValidationError } from "../../lib/errors.ts";
import { parseExact } from "../../lib/exact-json.ts";
import { onFirstUse } from "../../lib/first-use.ts";
import { failureReply } from "../failure.ts";
import { INERT } from "../inert.ts";
import type { ParsedBody } from "../body.ts";
import type { RequestLog } from "../request-log/buffer.ts";
import { isAllowedHost, isAllowedOrigin } from "./hosts.ts";
import { challengeScope, identifyAgain, identifyMcp, lacksScope, type McpIdentity, NEEDS_WRITE } from "./identify.ts";
import type { McpCaller } from "./methods.ts";
import { CODE, errorText, type Message, readMessage, resultText, RpcError } from "./protocol.ts";
import { RequestLimit } from "./rate-limit.ts";

/** `off`: there are no MCP endpoints. `read`: without the tools that write. */
export type McpAccess = "off" | "read" | "write";

export interface McpOptions {
  readonly services: Services;
  readonly authenticator: Pick<Authenticator, "identify">;
  readonly access: McpAccess;
  readonly corsOrigins: readonly string[];
  /** `null`: requests are not logged. */
  readonly requests: RequestLog | null;
}

export const MCP_PATHS = ["/mcp", "/mcp/app/:app_id"] as const;

/** Largest request. Arguments are small, apart from the payload of a message. */
const MAX_REQUEST_BYTES = 1024 * 1024;

const methods = onFirstUse(() => import("./methods.ts"));

export function registerMcp(app: FastifyInstance, options: McpOptions): void {
  if (options.access === "off") return;
  const { now, rateLimits } = options.services;
  const limit = new RequestLimit(now, rateLimits.broadcast);
  const closing = new AbortController();
  app.addHook("preClose", (done) => {
    closing.abort();
    done();
  });
  for (const url of MCP_PATHS) {
    app.route({
      method: "POST",
      url,
      bodyLimit: MAX_REQUEST_BYTES,
      // Before the body is read, so that unauthenticated requests cost no more than their headers.
      onRequest: async (request, reply) => {
        if (!isFromAllowedPage(request, options)) return refuse(reply, 403, FOREIGN);
        const { app_id: name = null } = request.params as { readonly app_id?: string };
        const identified = await identifyMcp(request, reply, { ...options, app: name });
        const { actor, secret } = identified;
        const seconds = limit.take(secret);
        if (seconds > 0) {
          void reply.header("retry-after", seconds);
          return refuse(reply, 429, new RpcError(CODE.exhausted, `Too many requests. Try again in ${seconds} s.`));
        }
        await requireEndpoint(options.services, actor, name);
        request.setDecorator<Identified>("mcp", { ...identified, app: name });
      },
      errorHandler: (error, request, reply) => void failed(error, request, reply),
      handler: (request, reply) => respond(request, reply, { ...options, closing: closing.signal }),
    });
    for (const method of ["GET", "DELETE"] as const) {
      app.route({
        method,
        url,
        handler: (_request, reply) => {
          void reply.header("allow", "POST");
          return refuse(reply, 405, new RpcError(CODE.request, "Send requests with POST: there are no sessions."));
        },
      });
    }
  }
  app.decorateRequest("mcp");
}

interface Identified extends McpIdentity {
  readonly app: string | null;
}

const FOREIGN = new RpcError(
  CODE.request,
  "Requests of this origin or host are refused. Set POSTHORN_PUBLIC_URL to the address of this server, and name the origins of pages that may call it in POSTHORN_CORS_ORIGINS.",
);

function isFromAllowedPage(request: FastifyRequest, { services, corsOrigins }: McpOptions): boolean {
  const allowed = { publicUrl: services.rules.publicUrl(), corsOrigins };
  return isAllowedHost(request.host, allowed) && isAllowedOrigin(request.headers.origin, request.host, allowed);
}

/** Tokens of an application have their own endpoint, so that they are not mistaken for those of an operator. */
async function requireEndpoint(services: Services, actor: Actor, app: string | null): Promise<void> {
  if (app === null) {
    if (actor.kind === "organisation") return;
    throw new PosthornError(
      "insufficient access",
      `This token is for one application. Use it at /mcp/app/${actor.appPublicId}.`,
    );
  }
  if (actor.kind === "application" && actor.scope !== undefined) {
    throw new PosthornError("insufficient access", "This token is for one subscription, and cannot be used here.");
  }
  const found = await findApplication({ services, actor, tx: null }, app);
  if (found !== null && seesApplication(actor, found.key)) return;
  throw new PosthornError("not_found", "There is no such application, or this token is for another one.");
}

async function respond(
  request: FastifyRequest,
  reply: FastifyReply,
  { services, access, authenticator, closing, requests }: McpOptions & { readonly closing: AbortSignal },
): Promise<FastifyReply> {
  const raw = (request.body as ParsedBody | undefined)?.raw;
  // It is valid JSON, or the request would have been refused.
  const body = raw === undefined || raw.byteLength === 0 ? undefined : parseExact(raw.toString("utf8"));
  const message = readMessage(body, request.headers);
  // Notifications of clients: none needs anything done.
  if (message.id === null) return reply.code(202).headers(INERT).send();
  const identified = request.getDecorator<Identified>("mcp");
  const { actor, secret, app, client } = identified;
  if (access === "write" && lacksScope(client, message)) {
    challengeScope(reply, services.rules);
    return send(reply, 403, errorText(message.id, NEEDS_WRITE));
  }
  const { infoFor, runMethod, streamEvents } = await methods();
  const caller: McpCaller = {
    services,
    actor,
    listedFor: client?.withAllScopes ?? actor,
    secret,
    app,
    tools: access === "write" ? "write" : "read",
    userAgent: request.headers["user-agent"],
    ip: request.ip,
    disconnected: () => whenClosed(reply),
    request,
    requests,
    clientRequestId: request.headers["x-request-id"],
  };
  try {
    if (message.method !== "events/stream")
      return send(reply, 200, resultText(message, await runMethod(caller, message), infoFor(caller)));
    const isStillAllowed = async (): Promise<boolean> => {
      const now = await identifyAgain(identified, { services, authenticator }, request.ip);
      return now !== null && isSameAccess(now, actor);
    };
    // A stream repeats its reads every few seconds.
    await streamEvents({ ...caller, requests: null }, message, { request, reply, closing, isStillAllowed });
    return reply;
  } catch (error) {
    if (error instanceof RpcError) return send(reply, error.status, errorText(message.id, error));
    return sendFailure(error, request, reply, message);
  }
}

/** Access that changed ends a stream, so that it is checked again from the beginning. */
function isSameAccess(now: Actor, before: Actor): boolean {
  if (now.kind === "application" && before.kind === "application") return now.appId === before.appId;
  return hasSameAccess(now, before);
}

function whenClosed({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  if (raw.closed) controller.abort();
  else raw.once("close", () => controller.abort());
  return controller.signal;
}

/** Errors before the request was read: of authentication, and of its body. */
function failed(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof RpcError) return refuse(reply, error.status === 200 ? 400 : error.status, error);
  return sendFailure(error, request, reply, null);
}

/** @param message `null`: the failure is from before the request was read. */
function sendFailure(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  message: Message | null,
): FastifyReply {
  const { status, json } = failureReply(error, request);
  const { code, detail } = JSON.parse(json ?? "{}") as { readonly code?: string; readonly detail?: unknown };
  const text = typeof detail === "string" ? detail : JSON.stringify(detail);
  // The only thing that is validated before the request is read is whether its body is JSON.
  if (message === null && error instanceof ValidationError)
    return refuse(reply, 400, new RpcError(CODE.parse, "The body is not valid JSON.", { data: { detail } }));
  const rpcCode = status === 403 ? CODE.forbidden : status >= 500 ? CODE.internal : CODE.request;
  const data = code === undefined ? undefined : { code };
  return send(reply, status, errorText(message?.id ?? null, { code: rpcCode, message: text, data }));
}

function refuse(reply: FastifyReply, status: number, error: RpcError): FastifyReply {
  return send(reply, status, errorText(null, error));
}

function send(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply
    .code(status)
    .headers(INERT)
    .header("cache-control", "no-store")
    .header("content-type", "application/json")
    .send(Buffer.from(text));
}
