/** Registers a route of the API: identifies and authorizes its caller, invokes it, and logs the request. */
import type { Services } from "../domain/context.ts";
import type { Actor } from "../domain/access.ts";
import { readTraceContext } from "../lib/trace-context.ts";
import { authorize } from "./authorize.ts";
import { invoker } from "./invoke.ts";
import { layoutOf, type ParsedBody } from "./body.ts";
import { operatorOf } from "./operator.ts";
import { maskReply, PAYLOADS_HEADER, viewOf } from "./mask-reply.ts";
import type { Route } from "./route.ts";
import { type CallerOptions, identifyCaller } from "./session/caller.ts";
import type { RequestLog } from "./request-log/buffer.ts";
import { unknownWarning, WARNING_HEADER } from "./validation.ts";
import { bodyWarning } from "./body-warning.ts";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { errorCodeSent, send } from "./send.ts";

export interface RouteParts {
  readonly services: Services;
  /** Size limit of a batch request, in bytes. */
  readonly maxBatchBytes: number;
  /** `null`: requests are not logged. */
  readonly requests: RequestLog | null;
}

export function registerRoute(
  app: FastifyInstance,
  route: Route,
  { services, maxBatchBytes, requests }: RouteParts,
  callers: CallerOptions,
): void {
  const invoke = invoker(route);
  app.route({
    method: route.method,
    url: route.path,
    config: { bodyLayout: layoutOf(route.body), takesLines: route.lines === true },
    ...(route.large === true ? { bodyLimit: maxBatchBytes } : {}),
    // Runs before the body is read, so that unauthenticated requests cost no more than their headers.
    onRequest: async (request, response) => {
      const { actor, secret, byCookie } = await identifyCaller(request, callers);
      // Refused requests of a known caller are logged, too.
      if (requests !== null) request.setDecorator<Caller>("caller", { token: secret, actor });
      const authorized = await authorize(services, actor, route, request.params);
      // Caches keep responses to requests with an `Authorization` header from others by themselves.
      if (byCookie) void response.header("cache-control", "no-store");
      request.setDecorator<Caller>("caller", { token: secret, actor: authorized });
    },
    ...(requests === null ? {} : { onResponse: loggedBy(requests, route) }),
    handler: async (request, response) => {
      const { token, actor } = request.getDecorator<Caller>("caller");
      const { query, params, originalUrl: url } = request;
      const body = (request.body as ParsedBody | undefined) ?? NO_BODY;
      const warning = unknownWarning(route, query);
      if (warning !== null) void response.header(WARNING_HEADER, warning);
      const { "idempotency-key": idempotencyKey, "user-agent": userAgent } = request.headers;
      const disconnected = (): AbortSignal => whenClosed(response);
      const call = {
        actor,
        caller: token,
        url,
        params,
        query,
        body,
        idempotencyKey,
        userAgent,
        trace: readTraceContext(request.headers) ?? undefined,
        operator: operatorOf(request.headers),
        ip: request.ip,
        disconnected,
      };
      const result = await invoke(services, call);
      const doubts = result.status < 300 ? bodyWarning(route, body.value) : null;
      if (doubts !== null) void response.header(WARNING_HEADER, warning === null ? doubts : `${warning}; ${doubts}`);
      const view = viewOf(actor);
      if (view === null) return send(response, result);
      if (view.payloads !== "full") void response.header(PAYLOADS_HEADER, view.payloads);
      return send(response, await maskReply(route, result, view));
    },
  });
}

function loggedBy(requests: RequestLog, { path, operationId }: Route) {
  return (request: FastifyRequest, response: FastifyReply, done: () => void): void => {
    const caller = request.getDecorator<Caller | undefined>("caller");
    if (caller !== undefined) {
      requests.answered({
        actor: caller.actor,
        method: request.method,
        route: path,
        operation: operationId,
        status: response.statusCode,
        errorCode: errorCodeSent(response),
        durationMs: response.elapsedTime,
        clientRequestId: request.headers["x-request-id"],
      });
    }
    done();
  };
}

function whenClosed({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  if (raw.closed) controller.abort();
  else raw.once("close", () => controller.abort());
  return controller.signal;
}

/** Caller of a request. */
interface Caller {
  readonly token: string;
  readonly actor: Actor;
}

const NO_BODY: ParsedBody = { raw: Buffer.alloc(0), value: {} };
