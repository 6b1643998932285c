/** HTTP server: registers the routes with their shared hooks, limits and response format. */
import cors from "@fastify/cors";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Authenticator } from "../domain/auth/authenticate.ts";
import type { Actor } from "../domain/access.ts";
import type { Services } from "../domain/context.ts";
import { PosthornError } from "../lib/errors.ts";
import { onFirstUse } from "../lib/first-use.ts";
import { readTraceContext } from "../lib/trace-context.ts";
import type { Gateway } from "../ingest/gateway.ts";
import type { LiveFeed } from "../live/feed.ts";
import { describeOutage } from "../store/errors.ts";
import { authorize } from "./authorize.ts";
import { invoker } from "./invoke.ts";
import { MAX_BATCH_MESSAGES } from "./models/message-batch.ts";
import { type BodyLayout, layoutOf, NDJSON, type ParsedBody, readBody, splitLines } from "./body.ts";
import { discard, refuseExpectation, respondToClientError } from "./connection.ts";
import type { DocsAccess } from "./docs-site.ts";
import { errorReply } from "./error-reply.ts";
import { failureReply } from "./failure.ts";
import { Front, inboundRoute, type Listener, publishRoute, responder } from "./front.ts";
import { INERT } from "./inert.ts";
import { ingestMatcher, registerOrigins } from "./origins.ts";
import type { PageBuilds } from "./page-build.ts";
import { registerPages, trustProxyOf } from "./pages.ts";
import { parseQuery } from "./query.ts";
import { operatorOf } from "./operator.ts";
import { inAskedForm } from "./problem.ts";
import { registerReference } from "./reference.ts";
import { readRequest } from "./request-bytes.ts";
import { retryAfterSeconds } from "./retry-after.ts";
import { maskReply, PAYLOADS_HEADER, viewOf } from "./mask-reply.ts";
import { noContent, ok, type Reply, reply } from "./reply.ts";
import type { Route } from "./route.ts";
import { ROUTES } from "./routes.ts";
import { type CallerOptions, identifyCaller, identifyReader } from "./session/caller.ts";
import { registerProviderRedirects } from "./session/provider-redirects.ts";
import { registerPublicRoutes } from "./session/public-routes.ts";
import { registerAuditExport } from "./audit/export.ts";
import { registerListExports } from "./list-export/export.ts";
import { errorCodeOf } from "./request-log/error-code.ts";
import type { RequestLog } from "./request-log/buffer.ts";
import { registerPublicPages } from "./public-pages.ts";
import { registerFeedStreams } from "./feed/stream.ts";
import { registerListeners } from "./relay/register.ts";
import { registerLive } from "./live.ts";
import { type McpAccess, registerMcp } from "./mcp/register.ts";
import { registerOAuth } from "./oauth/register.ts";
import { registerInbound } from "./inbound.ts";
import { registerSecurityTxt } from "./security-txt.ts";
import { registerSources } from "./sources.ts";
import { unknownWarning, WARNING_HEADER } from "./validation.ts";
import { bodyWarning } from "./body-warning.ts";
import { registerPermissionCallback } from "./endpoint-permission.ts";
import { registerWebSub } from "./websub/hub.ts";

import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from "fastify";

export interface ServerOptions {
  readonly services: Services;
  readonly authenticator: Authenticator;
  readonly log: FastifyBaseLogger;
  readonly corsOrigins: readonly string[];
  readonly maxPayloadBytes: number;
  /** Size limit of a batch request, in bytes. */
  readonly maxBatchBytes: number;
  /** Content of `/.well-known/webhook-sources.json`; `null` if the operator publishes none. */
  readonly sources: object | null;
  /** Receives inbound webhooks. */
  readonly gateway: Gateway;
  /** Addresses and networks of proxies whose X-Forwarded-For and X-Forwarded-Host are trusted. */
  readonly trustedProxies: readonly string[];
  /** Separate origin for inbound webhooks; empty if there is none. */
  readonly ingestUrl: string;
  /** Events for live streams. */
  readonly feed: LiveFeed;
  /** Origins that may embed the portal in a frame. */
  readonly frameAncestors: readonly string[];
  /** Where to report vulnerabilities; empty: not published. */
  readonly securityContacts: readonly string[];
  /** Who may read the documentation. */
  readonly docs: DocsAccess;
  /** Builds of the pages that may still be running. */
  readonly pageBuilds?: PageBuilds;
  /** Whether there are MCP endpoints, and tools that write. */
  readonly mcp: McpAccess;
  /** `null`: requests are not logged. */
  readonly requests: RequestLog | null;
  /** Path at which a host application has mounted the server, such as `/webhooks`; empty at the root. */
  readonly base: string;
  /** Whether Fastify handles all requests, for tests. */
  readonly onlyFastify?: boolean;
  /** Overrides the default timeouts, for tests. */
  readonly timeouts?: Partial<HttpTimeouts>;
}

/** Timeouts for slow clients, in milliseconds. */
export interface HttpTimeouts {
  /** Time to receive the request headers. */
  readonly headersMs: number;
  /** Time to receive the whole request. */
  readonly requestMs: number;
  /** Time without a byte in either direction, for example because the client does not read the response. */
  readonly stalledMs: number;
  /** Interval at which timeouts are checked. */
  readonly checkMs: number;
}

const TIMEOUTS: HttpTimeouts = { headersMs: 15_000, requestMs: 30_000, stalledMs: 60_000, checkMs: 2000 };

/** How long an idle connection stays open: longer than load balancers keep theirs. */
const KEEP_ALIVE_MS = 72_000;

/** Allowance for the rest of the request. The payload itself may take twice its size when it is escaped as a JSON string. */
const BODY_OVERHEAD_BYTES = 64 * 1024;

const ROUTER_OPTIONS = {
  ignoreTrailingSlash: true,
  ignoreDuplicateSlashes: true,
  maxParamLength: 300,
  querystringParser: parseQuery,
};

/**
 * Routes validate and serialize by themselves. Without this, Fastify would load its compilers of JSON schemas at the start. They are for schemas
 * of routes, and there are none.
 */
const WITHOUT_COMPILERS = {
  compilersFactory: { buildValidator: () => refuseSchema, buildSerializer: () => refuseSchema },
};

function refuseSchema(): never {
  throw new Error("A route has a schema of Fastify, whose compilers are not loaded.");
}

export async function buildServer(options: ServerOptions): Promise<FastifyInstance> {
  const timeouts = { ...TIMEOUTS, ...options.timeouts };
  const front = frontOf(options);
  let requestListener: Listener | null = null;
  const app = Fastify({
    serverFactory: (fastify) => {
      requestListener ??= front.before(fastify);
      return listeningServer(requestListener, timeouts);
    },
    loggerInstance: options.log,
    // Few requests log anything, so a child logger for each request is not worth its cost.
    childLoggerFactory: (log) => log,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: trustProxyOf(options.trustedProxies),
    bodyLimit: 2 * options.maxPayloadBytes + BODY_OVERHEAD_BYTES,
    forceCloseConnections: "idle",
    return503OnClosing: false,
    schemaController: WITHOUT_COMPILERS,
    clientErrorHandler: respondToClientError,
    frameworkErrors: (error, request, response) => {
      // No resource has an id or uid this long.
      const tooLong = error.code === "FST_ERR_MAX_PARAM_LENGTH";
      void send(response, tooLong ? noSuchRoute(request) : failureReply(error, request));
    },
    routerOptions: ROUTER_OPTIONS,
  });
  app.server.on("checkExpectation", refuseExpectation);
  app.decorate(LISTENER, requestListener);
  app.addHook("preClose", (done) => {
    front.close();
    done();
  });
  app.addHook("onRequest", (request, response, done) => {
    const { httpVersionMajor, httpVersionMinor, headers } = request.raw;
    if (headers.host !== undefined || (httpVersionMajor === 1 && httpVersionMinor === 0)) return done();
    send(response.header("connection", "close"), reply(400, { code: "bad_request", detail: "Send a Host header." }));
  });
  app.decorate(RETRY_AFTER, retryAfterOf(options));
  registerOrigins(app, options, (response, error) => send(response, errorReply(error)!));
  // Must precede the hooks below, which are for callers of the API.
  registerInbound(app, options.gateway);
  registerWebSub(app, options.services);
  registerPermissionCallback(app, options.services);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", async (request: FastifyRequest, payload: IncomingMessage) => {
    const raw = await readRequest(payload, request.routeOptions.bodyLimit);
    const type = request.headers["content-type"];
    if (type === NDJSON) return splitLines(raw, MAX_BATCH_MESSAGES + 1);
    if (type === FORM) return { raw, value: Object.fromEntries(new URLSearchParams(raw.toString())) };
    return readBody(raw, request.routeOptions.config.bodyLayout ?? NO_LAYOUT);
  });
  // Treat bodies as JSON whatever their content type: some clients send none, and Fastify rejects a malformed one.
  app.addHook("onRequest", (request, _answer, done) => {
    const { headers } = request.raw;
    const type = headers["content-type"];
    if (type !== undefined) {
      const { takesLines, takesForms, ignoresBody } = request.routeOptions.config;
      const kept = [takesLines === true ? NDJSON : null, takesForms === true ? FORM : null];
      const taken = kept.find((known) => known !== null && type.startsWith(known)) ?? "application/json";
      // Any text can be read as a form.
      headers["content-type"] = ignoresBody === true ? FORM : taken;
    }
    done();
  });
  app.setErrorHandler(async (error, request, response) => {
    const failure = failureReply(error, request);
    if (failure.status === 413) await discard(request.raw);
    return send(response, failure);
  });
  await app.register(cors, {
    origin: allowsAnyOrigin(options) ? "*" : [...options.corsOrigins],
    methods: ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"],
    exposedHeaders: [WARNING_HEADER, PAYLOADS_HEADER],
    maxAge: 600,
    // Otherwise the plugin responds to an OPTIONS request that is not a preflight with its own error format.
    strictPreflight: false,
  });
  app.decorateRequest("caller");
  const callers: CallerOptions = { authenticator: options.authenticator, publicUrl: options.services.rules.publicUrl };
  registerDocument(app, options.services);
  for (const route of ROUTES) registerRoute(app, route, options, callers);
  registerProviderRedirects(app, options);
  registerPublicRoutes(app, { services: options.services, authenticator: options.authenticator, send });
  registerHealth(app, options.services);
  registerSources(app, options.sources);
  const streams = {
    services: options.services,
    identify: (request: FastifyRequest) => identifyCaller(request, callers),
    onTokensRevoked: (listener: () => void) => options.authenticator.onForget(listener),
  };
  registerLive(app, { ...streams, feed: options.feed, now: options.services.now });
  registerListeners(app, streams);
  registerFeedStreams(app, streams);
  registerMcp(app, { ...options, access: options.mcp });
  registerOAuth(app, options.services);
  registerPublicPages(app, options.services);
  registerAuditExport(app, streams);
  registerListExports(app, streams);
  registerReference(app, options.base);
  registerSecurityTxt(app, {
    contacts: options.securityContacts,
    publicUrl: options.services.rules.publicUrl,
    now: options.services.now,
  });
  const page = await registerPages(app, {
    ...options,
    identify: (request) => identifyReader(request, callers),
    respondNotFound: (request, response) => send(response, noSuchRoute(request)),
    prepare: (late) =>
      void late
        .decorate(RETRY_AFTER, retryAfterOf(options))
        .setErrorHandler((error, request, response) => send(response, failureReply(error, request))),
  });
  app.setNotFoundHandler((request, response) => page(request, response) ?? send(response, noSuchRoute(request)));
  return app;
}

/** Decorator with the request listener, for a host program that passes requests on. */
const LISTENER = "requestListener";

/** Request listener of a server. */
export function listenerOf(app: FastifyInstance): Listener {
  return app.getDecorator<Listener>(LISTENER);
}

function listeningServer(listener: Listener, timeouts: HttpTimeouts): Server {
  const server = createServer(
    {
      requestTimeout: timeouts.requestMs,
      headersTimeout: timeouts.headersMs,
      connectionsCheckingInterval: timeouts.checkMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // Node would respond without a body and without our headers.
      requireHostHeader: false,
    },
    listener,
  );
  return server.setTimeout(timeouts.stalledMs);
}

function frontOf(options: ServerOptions): Front {
  if (options.onlyFastify === true) return new Front(null);
  const { services, authenticator, gateway, log, requests, trustedProxies } = options;
  const isForIngest = ingestMatcher(options);
  const retryAfter = retryAfterOf(options);
  const respond = responder([], retryAfter);
  return new Front({
    publish: publishRoute({
      services,
      authenticator,
      log,
      requests,
      respond: responder(corsHeaders(options), retryAfter),
      isForIngest,
    }),
    inbound: inboundRoute({ gateway, log, respond, isForIngest, hasProxies: trustedProxies.length > 0 }),
  });
}

function retryAfterOf({ services }: Pick<ServerOptions, "services">): () => number {
  return () => retryAfterSeconds(services.store.outageMs, Math.random);
}

function allowsAnyOrigin({ corsOrigins }: Pick<ServerOptions, "corsOrigins">): boolean {
  return corsOrigins.includes("*");
}

/** The headers that the CORS plugin adds to the response to a request without `Origin`. */
function corsHeaders(options: Pick<ServerOptions, "corsOrigins">): readonly string[] {
  const first = allowsAnyOrigin(options) ? ["access-control-allow-origin", "*"] : ["vary", "Origin"];
  return [...first, "access-control-expose-headers", `${WARNING_HEADER}, ${PAYLOADS_HEADER}`];
}

function registerRoute(
  app: FastifyInstance,
  route: Route,
  { services, maxBatchBytes, requests }: Pick<ServerOptions, "services" | "maxBatchBytes" | "requests">,
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

/** Error codes of responses, until they are logged. */
const errorCodes = new WeakMap<FastifyReply, string>();

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
        errorCode: errorCodes.get(response) ?? null,
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

declare module "fastify" {
  interface FastifyContextConfig {
    /** Whether the route reads NDJSON line by line. */
    readonly takesLines?: boolean;
    /** Whether the route reads forms as well as JSON. */
    readonly takesForms?: boolean;
    /** Whether the route accepts a body in any form, and does not use it. */
    readonly ignoresBody?: boolean;
    readonly bodyLayout?: BodyLayout;
  }
}

const FORM = "application/x-www-form-urlencoded";
const NO_BODY: ParsedBody = { raw: Buffer.alloc(0), value: {} };
const NO_LAYOUT: BodyLayout = layoutOf(undefined);

/** Decorator that returns the seconds for `Retry-After`. */
const RETRY_AFTER = "retryAfterSeconds";

function send(response: FastifyReply, answer: Reply): FastifyReply {
  const { status } = answer;
  void response.code(status).headers(INERT);
  if (status >= 400) errorCodes.set(response, errorCodeOf(answer)!);
  // Temporary causes of a 429 end within seconds.
  if (status === 429) void response.header("retry-after", "5");
  if (status === 503) void response.header("retry-after", response.server.getDecorator<() => number>(RETRY_AFTER)());
  const { text, type } = inAskedForm(answer, response.request.headers.accept);
  if (text === null) return response.send();
  // Sent as bytes because Fastify adds a charset to strings, which JSON does not define (RFC 8259, section 11).
  return response.header("content-type", type).send(Buffer.from(text));
}

function noSuchRoute({ method, url }: FastifyRequest): Reply {
  const path = url.split("?")[0]!;
  const code = /^\/+(api|ingest)\//.test(path) ? "not_supported" : "not_found";
  return reply(404, {
    code,
    detail: `This server has no operation ${method} ${path}. GET /api/v1/openapi.json lists its operations.`,
  });
}

const PAUSED = {
  deliveries: "paused",
  detail: "The database was restored from a backup. Messages are accepted; `posthorn resume` starts deliveries.",
} as const;

const NO_MEMBERSHIP =
  "This node cannot report to its cluster and does not accept messages until it can. Try again later.";

function registerHealth(app: FastifyInstance, services: Pick<Services, "store" | "cluster" | "pause">): void {
  const { store, cluster, pause } = services;
  const config = { onBothOrigins: true };
  app.get("/health/live", { config }, (_request, response) => send(response, noContent()));
  app.get("/health/ready", { config }, async (_request, response) => {
    // Uses the known state of the store, so that a probe never waits for a query.
    const { outage, writeRefusal } = store;
    if (outage === null && writeRefusal !== null) {
      store.testWrites();
      return send(response, errorReply(writeRefusal)!);
    }
    if (outage === null && cluster.holdsSlot) {
      // Ready nevertheless: publishers must be able to store messages, and a load balancer must reach the button that resumes.
      return send(response, pause.current === null ? noContent() : ok(PAUSED));
    }
    const [detail, reason] =
      outage === null ? [NO_MEMBERSHIP, "lease_over"] : [`The database ${describeOutage(outage)}.`, outage];
    return send(response, reply(503, { code: "storage_unavailable", detail, reason }));
  });
  for (const url of ["/health", "/health/ping", "/api/v1/health", "/api/v1/health/ping"]) {
    app.route({
      method: "GET",
      url,
      ...(url === "/api/v1/health" ? {} : { config }),
      handler: async (_request, response) => {
        await store.ping();
        if (!cluster.holdsSlot) throw new PosthornError("storage_unavailable", NO_MEMBERSHIP);
        return send(response, noContent());
      },
    });
  }
}

function registerDocument(app: FastifyInstance, { rules }: Pick<Services, "rules">): void {
  const load = onFirstUse(async () => {
    const { publishedDocument } = await import("./document.ts");
    return JSON.stringify(await publishedDocument(rules.publicUrl()));
  });
  app.get("/api/v1/openapi.json", async (_request, response) => send(response, { status: 200, json: await load() }));
}
