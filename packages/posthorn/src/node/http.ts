/** Starts the HTTP servers of a node: the API with its pages, and the metrics. */
import { createServer, type ListenOptions } from "node:net";
import { webhookSources } from "@posthorn/egress";
import type { FastifyInstance, FastifyListenOptions } from "fastify";
import { readPortalLanguages } from "../api/portal-languages.ts";
import { RequestLog } from "../api/request-log/buffer.ts";
import { buildServer } from "../api/server.ts";
import { cannotListen } from "../api/startup-server.ts";
import type { ListenAddress } from "../config/parse.ts";
import type { Clock } from "../dispatch/types.ts";
import type { Authenticator } from "../domain/auth/authenticate.ts";
import type { Services } from "../domain/context.ts";
import type { Gateway } from "../ingest/gateway.ts";
import type { LiveFeed } from "../live/feed.ts";
import { reporter } from "../lib/log.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { serveMetrics } from "../metrics/server.ts";
import type { NodeOptions } from "./options.ts";
import { isWorker, SHARES_PORTS } from "./thread.ts";

/** How long requests in flight may take when the process stops. */
const CLOSE_REQUESTS_MS = 5000;
/** Interval at which connections that have become idle are closed during shutdown. */
const CLOSE_IDLE_MS = 50;

export interface HttpParts {
  readonly services: Services;
  readonly authenticator: Authenticator;
  readonly gateway: Gateway;
  readonly feed: LiveFeed;
  /** `null`: metrics are not served. */
  readonly metrics: Metrics | null;
}

export interface Http {
  readonly server: FastifyInstance;
  /** Empty when the node does not listen. */
  readonly url: string;
  /** `null`: metrics are not served. */
  readonly metricsUrl: string | null;
}

function requestLogOf(
  { log }: Pick<NodeOptions, "log">,
  clock: Clock,
  { services, metrics }: Pick<HttpParts, "services" | "metrics">,
): RequestLog {
  return new RequestLog({
    services,
    setTimer: (ms, callback) => clock.setTimer(ms, callback),
    onFailure: (error) => reporter(log)(error, "API requests could not be logged"),
    onDropped: () => metrics?.requestDropped(),
  });
}

/**
 * Listens together with the other threads of the process, if there are any. The main thread is the first, and checks that no other process
 * listens, because the system would let that share the port, too.
 */
async function listen(server: FastifyInstance, { config, thread = null }: NodeOptions): Promise<string> {
  const { host, port } = config.listen;
  const reusePort = thread !== null && SHARES_PORTS;
  try {
    if (reusePort && !isWorker(thread) && port !== 0) await bindAlone({ host, port });
    // Fastify passes on options that its types do not include.
    const options: FastifyListenOptions & Pick<ListenOptions, "reusePort"> = { host, port, reusePort };
    return await server.listen(options);
  } catch (cause) {
    throw cannotListen(config.listen, cause);
  }
}

/** Rejects if another process listens. */
function bindAlone(address: ListenAddress): Promise<void> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(address, () => server.close(() => resolve()));
  });
}

/** Builds the servers and, unless a host program passes requests on, listens. If it rejects, the parts opened so far are on the stack. */
export async function startHttp(
  options: NodeOptions,
  clock: Clock,
  { metrics, ...parts }: HttpParts,
  stack: AsyncDisposableStack,
): Promise<Http> {
  const { config, log, base = "", timeouts = {}, onlyFastify = false, pageBuilds } = options;
  const { corsOrigins, maxPayloadBytes, maxBatchBytes, sourceAddresses, trustedProxies, ingestUrl } = config;
  const server = await buildServer({
    ...parts,
    log,
    corsOrigins,
    maxPayloadBytes,
    maxBatchBytes,
    sources: sourceAddresses.length === 0 ? null : webhookSources(sourceAddresses, new Date(clock.now())),
    trustedProxies,
    ingestUrl,
    frameAncestors: config.portalFrameAncestors,
    portalLanguages: readPortalLanguages(config.portalLanguages),
    securityContacts: config.securityContacts,
    docs: config.docs,
    ...(pageBuilds === undefined ? {} : { pageBuilds }),
    mcp: config.mcp,
    requests: config.requestLogDays === 0 ? null : stack.use(requestLogOf(options, clock, { ...parts, metrics })),
    base,
    onlyFastify,
    timeouts,
  });
  stack.defer(() => closeServer(server));
  if (options.listens === false) {
    await server.ready();
    return { server, url: "", metricsUrl: null };
  }
  const { metricsListen } = config;
  const metricsServer =
    metrics === null || metricsListen === null ? null : stack.use(await serveMetrics(metrics, metricsListen));
  options.signal?.throwIfAborted();
  return { server, url: await listen(server, options), metricsUrl: metricsServer?.url ?? null };
}

async function closeServer(fastify: FastifyInstance): Promise<void> {
  const { server } = fastify;
  const force = setTimeout(() => server.closeAllConnections(), CLOSE_REQUESTS_MS);
  const sweep = setInterval(() => server.closeIdleConnections(), CLOSE_IDLE_MS);
  try {
    await fastify.close();
  } finally {
    clearTimeout(force);
    clearInterval(sweep);
  }
}
