/** Constructs the parts of a node on its foundation and connects them. Nothing runs yet. */
import { type Egress, parseAllowList } from "@posthorn/egress";
import { OpenIdConnect } from "../oidc/protocol.ts";
import { ClusterDispatch } from "../cluster/cluster.ts";
import { LaneInspector } from "../cluster/lane-inspector.ts";
import { ClusterWork } from "../cluster/work.ts";
import { missingPackages } from "../destinations/connections/installed.ts";
import type { EndpointSender } from "../destinations/http/request.ts";
import { OwnershipCheck } from "../destinations/http/endpoint-verification.ts";
import { onFirstUse } from "../lib/first-use.ts";
import { GuardedSubscriberClient } from "../destinations/http/subscriber-client.ts";
import { kindRules } from "../destinations/kind-rules.ts";
import type { Clock } from "../dispatch/types.ts";
import { KeyUse, writeKeyUses } from "../domain/auth/key-use.ts";
import { Authenticator } from "../domain/auth/authenticate.ts";
import type { Services } from "../domain/context.ts";
import { Directory } from "../domain/directory.ts";
import { ensureOrganisation, firstOrganisation } from "../domain/organisation/ensure.ts";
import { EndpointResponses } from "../ingest/endpoint-responses.ts";
import type { Logger } from "../lib/log.ts";
import { RateLimits } from "../lib/rate-limiter.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { Store } from "../store/store.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { Workers } from "../workers/worker.ts";
import type { Foundation } from "./foundation.ts";
import type { NodeOptions } from "./options.ts";
import { mailerOf } from "./mailer.ts";
import type { RelayHub } from "../relay/hub.ts";
import type { Config } from "../config/config.ts";
import { applyShare, policyDefaultsOf, transformPoolOf, userAgentOf } from "./parts.ts";
import { Receiving } from "./receiving.ts";
import { buildRelay } from "./relay.ts";
import { rulesOf } from "./rules.ts";
import { buildClients } from "./clients.ts";
import { buildSending } from "./sending.ts";
import { isWorker } from "./thread.ts";
import { settledEverywhere, settledHere, type SettledKeysOptions } from "./settled-keys.ts";
import {
  buildBacklogMonitor,
  buildFeeds,
  buildAlertMonitors,
  buildMaintenance,
  buildMonitors,
  buildPublishers,
  buildStatistics,
  buildSubscriptionManager,
  buildWatches,
  joinWorkers,
} from "./workers.ts";

/** Values that are only known once the node runs, or closes. */
export interface NodeState {
  /** URL at which the API listens; empty until it does. */
  url: string;
  /** Settles once the shards of this node are released; set when the node closes. */
  drained: Promise<void>;
}

export interface NodeBase extends Foundation {
  readonly options: NodeOptions;
  readonly clock: Clock;
  readonly stack: AsyncDisposableStack;
  readonly state: NodeState;
  /** `null`: OpenTelemetry is off. */
  readonly telemetry: Telemetry | null;
  /** Class of the metrics; `null` if they are not served. Then neither their library nor their monitor of the event loop is loaded. */
  readonly metrics: typeof Metrics | null;
  /** Waits until the shards of this node are released, for a limited time. */
  readonly untilReleased: () => Promise<void>;
}

export interface Composition {
  readonly services: Services;
  readonly authenticator: Authenticator;
  /** `null`: metrics are not served. */
  readonly metrics: Metrics | null;
  readonly receiving: Receiving;
  readonly workers: Workers;
  readonly clusterWork: ClusterWork;
}

/**
 * The order of construction is the reverse order of disposal: background jobs stop before the dispatcher, which stops before the HTTP
 * client that its attempts use and the monitors that record their outcomes.
 */
export function compose(base: NodeBase): Composition {
  const { options, clock, stack, state, store, cluster, ids, shared, keyring, pause, telemetry } = base;
  const { config, log } = options;
  // The parts must not call this before the node runs.
  const services = (): Services => composed;
  const parts = { config, log, clock: options.workerClock ?? clock, cluster, services, pause };
  const [policyDefaults, kinds] = [policyDefaultsOf(config), kindsOf(base)];
  const directory = new Directory({ store, secretBox: keyring.secretBox, now: clock.now, policyDefaults, kinds });
  const { egress, sender, connector, sourceConnector } = buildClients(options, () => receiving.gateway, stack);
  const mailer = mailerOf({ config, now: clock.now, log }, stack);
  const transforms = stack.use(transformPoolOf(config, log));
  const authenticator = authenticatorOf(base, services);
  const { health, certificates } = buildMonitors(parts, stack);
  const metrics = newMetrics(base, {
    store,
    shards: () => cluster.shards,
    now: clock.now,
    load: () => dispatcher.load,
    egress,
    connector,
    sourceConnector,
    inboundDuplicates: () => receiving.duplicates.total,
    sources: () => receiving.runner.size,
    backlog: () => backlog.waiting,
    watches: () => watches.size,
  });
  const rateLimits = new RateLimits(clock.now, options.thread?.broadcast);
  const responses = new EndpointResponses(directory, clock.setTimer, rateLimits.broadcast);
  stack.defer(base.untilReleased);
  const data = { store, ids, secretBox: keyring.secretBox, directory, horizon: () => feeds.horizon() };
  const relay = stack.use(buildRelay({ ...parts, ...data }));
  const { dispatcher, tracker } = buildSending({
    ...parts,
    clock,
    ...data,
    relay,
    sender,
    connector,
    transforms,
    health,
    certificates,
    responses,
    metrics,
    tracing: telemetry?.tracing ?? null,
  });
  stack.defer(() => dispatcher.stop(config.shutdownTimeoutMs));
  options.thread?.onShare((share) => applyShare(share, { dispatcher, egress, transforms, store }));
  const { outbox, operational, tasks } = buildPublishers(parts, stack);
  reportLongTransactions(store, log, metrics);
  const settling: SettledKeysOptions = { store, cluster, ids, attempts: () => tracker.settledUpTo };
  const feeds = stack.use(buildFeeds(parts, () => settledHere(settling).messages));
  const watches = stack.use(buildWatches(parts, (step, ms) => metrics?.watchStep(step, ms)));
  const statistics = stack.use(
    buildStatistics(parts, { settled: () => settledEverywhere(settling), load: () => dispatcher.load }),
  );
  const backlog = stack.use(buildBacklogMonitor(parts));
  const receiving = stack.use(
    new Receiving({
      ...parts,
      store,
      secretBox: keyring.secretBox,
      responses,
      egress,
      connector: sourceConnector,
      googleTokenUrls: config.googleTokenUrls,
      leads: () => cluster.leads,
      shards: cluster,
      counts: metrics,
      transforms,
      broadcast: rateLimits.broadcast,
      plainResponsesOnly: (orgId) => plainResponsesOnly(composed, options, orgId),
    }),
  );
  const lanes = new LaneInspector({ cluster, dispatcher, health, store, time: cluster.time });
  const composed: Services = {
    store,
    ids,
    now: clock.now,
    ...baseServices(base, relay, mailer),
    directory,
    lanes,
    tasks,
    transforms,
    operational,
    health,
    statistics,
    backlog,
    dispatch: new ClusterDispatch({ cluster, dispatcher, store, exchange: options.thread?.exchange ?? null }),
    tokens: authenticator,
    sources: receiving.operations,
    providerApis: receiving.providerApis,
    cluster,
    feeds,
    ...guardedClients(egress, clock.now, userAgentOf(config), rateLimits),
    ownership: ownershipOf(sender, config, services),
    urls: { check: (url, allow) => egress.check(url, allow === null ? undefined : parseAllowList(allow)) },
    tracing: telemetry?.tracing ?? null,
    rules: rulesOf({ config, egress, policyDefaults, kinds, listensAt: () => state.url }),
  };
  const [subscriptions, maintenance] = [stack.use(buildSubscriptionManager(parts)), buildMaintenance(parts)];
  // Endpoint health comes first, so that no task sends to an endpoint before its failure streak is loaded.
  const first = [keyring, pause, health, relay, tasks, outbox, operational, certificates, statistics, backlog];
  const alerts = buildAlertMonitors(parts).map((monitor) => stack.use(monitor));
  const workers = joinWorkers([...first, ...receiving.workers, subscriptions, watches, ...alerts, maintenance], log);
  const clusterWork = stack.use(
    new ClusterWork({
      services: composed,
      cluster,
      dispatcher,
      workers,
      ids,
      lanes,
      log,
      feed: shared,
      settled: () => settledHere(settling),
    }),
  );
  stack.use(maintenance);
  return { services: composed, authenticator, metrics, receiving, workers, clusterWork };
}

function kindsOf({ options, cluster }: NodeBase): ReturnType<typeof kindRules> {
  return kindRules({
    allowed: options.config.destinations,
    missingPackages: options.missingPackages ?? missingPackages,
    isSentTo: (kind, endpointId) => cluster.isSentTo(kind, endpointId),
  });
}

function authenticatorOf({ options, store, clock, stack }: NodeBase, services: () => Services): Authenticator {
  const use = stack.use(new KeyUse({ write: (uses) => writeKeyUses(store, uses), setTimer: clock.setTimer }));
  return new Authenticator({
    store,
    jwtSecret: options.secrets.jwtSecret,
    now: clock.now,
    ensureOrganisation: (publicId) => ensureOrganisation(services(), publicId),
    onKeyUse: (key, at) => use.note(key, at),
  });
}

type BaseServices = Pick<Services, "secretBox" | "auditSigner" | "keyring" | "pause" | "threads" | "relay" | "mailer">;

function baseServices(
  { keyring, pause, options }: NodeBase,
  relay: RelayHub,
  mailer: Services["mailer"],
): BaseServices {
  const threads = options.thread?.health ?? null;
  return { secretBox: keyring.secretBox, auditSigner: keyring.auditSigner, keyring, pause, threads, relay, mailer };
}

/** Clients for URLs chosen by third parties: callbacks of subscribers, identity providers, and documents of MCP clients. */
function guardedClients(
  egress: Egress,
  now: () => number,
  userAgent: string,
  rateLimits: RateLimits,
): Pick<Services, "subscribers" | "identityProviders" | "clientDocuments" | "rateLimits"> {
  const documents = onFirstUse(async () => {
    const { GuardedClientDocuments } = await import("./client-documents.ts");
    return new GuardedClientDocuments({ egress, userAgent, now, rateLimits });
  });
  return {
    subscribers: new GuardedSubscriberClient(egress, userAgent),
    identityProviders: new OpenIdConnect({ egress, now }),
    clientDocuments: { fetch: async (url, person) => (await documents()).fetch(url, person) },
    rateLimits,
  };
}

function ownershipOf(sender: EndpointSender, config: Config, services: () => Services): OwnershipCheck {
  const { requestTimeoutMs: timeoutMs } = config;
  const publicUrl = () => services().rules.publicUrl();
  return new OwnershipCheck({ sender, timeoutMs, userAgent: userAgentOf(config), publicUrl });
}

/** When the node closes, the last values are exported while the parts that provide them still exist. */
function newMetrics(
  { metrics, options: { thread = null }, pause, telemetry, stack }: NodeBase,
  sources: Omit<ConstructorParameters<typeof Metrics>[0], "telemetry" | "paused" | "isWorker" | "others">,
): Metrics | null {
  if (metrics === null) return null;
  const created = new metrics({
    ...sources,
    paused: () => pause.current !== null,
    telemetry,
    isWorker: isWorker(thread),
    others: thread?.others ?? null,
  });
  if (telemetry?.wantsMetrics === true) {
    telemetry.exportMetrics(() => created.read());
    stack.defer(() => telemetry.lastMetrics());
  }
  return created;
}

/** Whether responses of a source must be plain text, because the pages on the same origin have another owner. */
async function plainResponsesOnly(
  { rules, store }: Services,
  { embedded }: NodeOptions,
  orgId: number,
): Promise<boolean> {
  if (rules.separateIngest) return false;
  return embedded === true || orgId !== (await firstOrganisation(store.hotDb));
}

/** Logs and counts each operation that blocks other writes: once while it does, and once when it has ended. */
function reportLongTransactions(store: Store, log: Logger, metrics: Metrics | null): void {
  store.onLongTransaction((transaction) => {
    const { operation, openMs, ended } = transaction;
    const state = ended ? "was open for" : "has been open for";
    log.warn({ operation, openMs, ended }, `a write transaction ${state} ${openMs} ms (${operation})`);
    metrics?.longTransaction(transaction);
  });
}
