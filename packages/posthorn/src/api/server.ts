/** HTTP server: registers the routes with their shared hooks, limits and response format. */
import cors from "@fastify/cors";
import type { Authenticator } from "../domain/auth/authenticate.ts";
import type { Services } from "../domain/context.ts";
import { onFirstUse } from "../lib/first-use.ts";
import type { Gateway } from "../ingest/gateway.ts";
import type { LiveFeed } from "../live/feed.ts";
import { discard, refuseExpectation, respondToClientError } from "./connection.ts";
import type { DocsAccess } from "./docs-site.ts";
import { errorReply } from "./error-reply.ts";
import { failureReply } from "./failure.ts";
import { Front, inboundRoute, type Listener, publishRoute, responder } from "./front.ts";
import { ingestMatcher, registerOrigins } from "./origins.ts";
import type { PageBuilds } from "./page-build.ts";
import { registerPages, trustProxyOf } from "./pages.ts";
import type { PortalLanguage } from "./portal-languages.ts";
import { parseQuery } from "./query.ts";
import { registerReference } from "./reference.ts";
import { retryAfterSeconds } from "./retry-after.ts";
import { PAYLOADS_HEADER } from "./mask-reply.ts";
import { reply } from "./reply.ts";
import { ROUTES } from "./routes.ts";
import { type CallerOptions, identifyCaller, identifyReader } from "./session/caller.ts";
import { registerProviderRedirects } from "./session/provider-redirects.ts";
import { registerPublicRoutes } from "./session/register-public-routes.ts";
import { registerAuditExport } from "./audit/export.ts";
import { registerListExports } from "./list-export/export.ts";
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
import { WARNING_HEADER } from "./validation.ts";
import { registerPermissionCallback } from "./endpoint-permission.ts";
import { registerWebSub } from "./websub/hub.ts";
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from "fastify";
import { noSuchRoute, RETRY_AFTER, send } from "./send.ts";
import { registerHealth } from "./health.ts";
import { registerRoute } from "./register-route.ts";
import { type HttpTimeouts, listeningServer, TIMEOUTS } from "./http-server.ts";
import { readBodies } from "./body-parsers.ts";

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
  /** Languages of the portal that the operator has added. */
  readonly portalLanguages: readonly PortalLanguage[];
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

/** Allowance for the rest of the request. The payload itself may take twice its size when it is escaped as a JSON string. */
const BODY_OVERHEAD_BYTES = 64 * 1024;

const ROUTER_OPTIONS = {
  ignoreTrailingSlash: true,
  ignoreDuplicateSlashes: true,
  maxParamLength: 300,
  querystringParser: parseQuery,
};

/**
 * Routes validate and serialize themselves. Without this, Fastify would load its JSON schema compilers at the start, although no route has such
 * schemas.
 */
const WITHOUT_COMPILERS = {
  compilersFactory: { buildValidator: () => refuseSchema, buildSerializer: () => refuseSchema },
};

function refuseSchema(): never {
  throw new Error("A route has a schema of Fastify, whose compilers are not loaded.");
}

export async function buildServer(options: ServerOptions): Promise<FastifyInstance> {
  const front = frontOf(options);
  const app = openApp(options, front);
  app.addHook("preClose", (done) => {
    front.close();
    done();
  });
  app.addHook("onRequest", requireHost);
  app.decorate(RETRY_AFTER, retryAfterOf(options));
  registerOrigins(app, options, (response, error) => send(response, errorReply(error)!));
  // Must precede the hooks below, which are for callers of the API.
  registerInbound(app, options.gateway);
  registerWebSub(app, options.services);
  registerPermissionCallback(app, options.services);
  readBodies(app);
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
  const callers: CallerOptions = { authenticator: options.authenticator, publicUrl: options.services.rules.publicUrl };
  registerApi(app, options, callers);
  await registerWebsite(app, options, callers);
  return app;
}

function openApp(options: ServerOptions, front: Front): FastifyInstance {
  const timeouts = { ...TIMEOUTS, ...options.timeouts };
  let requestListener: Listener | null = null;
  const app = Fastify({
    serverFactory: (fastify) => {
      requestListener ??= front.before(fastify);
      return listeningServer(requestListener, timeouts, front.route);
    },
    loggerInstance: options.log,
    // Few requests log anything, so a child logger for each request is not worth its cost.
    childLoggerFactory: (log) => log,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: trustProxyOf(options.trustedProxies),
    bodyLimit: bodyLimitOf(options),
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
  return app;
}

function bodyLimitOf({ maxPayloadBytes }: Pick<ServerOptions, "maxPayloadBytes">): number {
  return 2 * maxPayloadBytes + BODY_OVERHEAD_BYTES;
}

function requireHost({ raw }: FastifyRequest, response: FastifyReply, done: () => void): void {
  const { httpVersionMajor, httpVersionMinor, headers } = raw;
  if (headers.host !== undefined || (httpVersionMajor === 1 && httpVersionMinor === 0)) return done();
  send(response.header("connection", "close"), reply(400, { code: "bad_request", detail: "Send a Host header." }));
}

function registerApi(app: FastifyInstance, options: ServerOptions, callers: CallerOptions): void {
  const { services, authenticator } = options;
  app.decorateRequest("caller");
  registerDocument(app, services);
  for (const route of ROUTES) registerRoute(app, route, options, callers);
  registerProviderRedirects(app, options);
  registerPublicRoutes(app, { services, authenticator, send });
  registerHealth(app, services);
  registerSources(app, options.sources);
  const streams = {
    services,
    identify: (request: FastifyRequest) => identifyCaller(request, callers),
    onTokensRevoked: (listener: () => void) => authenticator.onForget(listener),
  };
  registerLive(app, { ...streams, feed: options.feed, now: services.now });
  registerListeners(app, streams);
  registerFeedStreams(app, streams);
  registerMcp(app, { ...options, access: options.mcp });
  registerOAuth(app, services);
  registerAuditExport(app, streams);
  registerListExports(app, streams);
}

/** Pages for people: shared messages, the API reference, the documentation, the dashboard and the portal. */
async function registerWebsite(app: FastifyInstance, options: ServerOptions, callers: CallerOptions): Promise<void> {
  const { services } = options;
  registerPublicPages(app, services);
  registerReference(app, options.base);
  registerSecurityTxt(app, {
    contacts: options.securityContacts,
    publicUrl: services.rules.publicUrl,
    now: services.now,
  });
  const page = await registerPages(app, {
    ...options,
    portalLook: services.rules.portalLook,
    identify: (request) => identifyReader(request, callers),
    respondNotFound: (request, response) => send(response, noSuchRoute(request)),
    prepare: (late) =>
      void late
        .decorate(RETRY_AFTER, retryAfterOf(options))
        .setErrorHandler((error, request, response) => send(response, failureReply(error, request))),
  });
  app.setNotFoundHandler((request, response) => page(request, response) ?? send(response, noSuchRoute(request)));
}

/** Decorator with the request listener, for a host program that passes requests on. */
const LISTENER = "requestListener";

/** Request listener of a server. */
export function listenerOf(app: FastifyInstance): Listener {
  return app.getDecorator<Listener>(LISTENER);
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
      maxBodyBytes: bodyLimitOf(options),
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

function registerDocument(app: FastifyInstance, { rules }: Pick<Services, "rules">): void {
  const load = onFirstUse(async () => {
    const { publishedDocument } = await import("./document.ts");
    return JSON.stringify(await publishedDocument(rules.publicUrl()));
  });
  app.get("/api/v1/openapi.json", async (_request, response) => send(response, { status: 200, json: await load() }));
}
