/** The composition root: one node with its store, dispatcher and HTTP server, from a configuration. */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type Egress, type EgressOptions, parseAllowList, webhookSources } from "@posthorn/egress";
import type { FastifyInstance } from "fastify";
import { buildServer, type HttpTimeouts } from "../api/server.ts";
import { cannotListen } from "../api/startup-server.ts";
import { systemClock } from "../lib/clock.ts";
import { Cluster } from "../cluster/cluster.ts";
import { ClusterDispatch } from "../cluster/dispatch.ts";
import { nodeFacts } from "../cluster/facts.ts";
import { LaneInspector } from "../cluster/lane-inspector.ts";
import { ClusterWork } from "../cluster/work.ts";
import type { Config } from "../config/config.ts";
import type { Secrets } from "../config/secrets.ts";
import { DeliveryAttempter } from "../delivery/attempter.ts";
import { EndpointSender } from "../destinations/http/endpoint-sender.ts";
import { HttpDestination } from "../destinations/http/http-destination.ts";
import { egressTrouble } from "../destinations/http/egress-check.ts";
import { CertificateMonitor } from "../workers/certificate-monitor.ts";
import { EndpointHealthMonitor } from "../workers/endpoint-health-monitor.ts";
import { OperationalWebhookPublisher } from "../workers/operational-webhook-publisher.ts";
import { OutboxRelay } from "../workers/outbox-relay.ts";
import { OwnershipCheck } from "../destinations/http/endpoint-verification.ts";
import { retryWhileUnavailable } from "../delivery/retry-while-unavailable.ts";
import { Statistics } from "../workers/statistics.ts";
import { TaskRunner } from "../workers/task-runner.ts";
import { tenantEgressRules, warnOfRefusedEgress } from "../destinations/http/tenant-egress.ts";
import { GuardedAttempter } from "../delivery/guarded-attempter.ts";
import { Dispatcher } from "../dispatch/dispatcher.ts";
import type { Clock } from "../dispatch/types.ts";
import { Authenticator } from "../domain/auth/authenticate.ts";
import { refusedEgress } from "../domain/application/refused-egress.ts";
import type { Services } from "../domain/context.ts";
import type { DomainRules } from "../domain/ports.ts";
import { Directory } from "../domain/directory.ts";
import { ensureOrganisation, firstOrganisation } from "../domain/organisation/ensure.ts";
import type { SettledKeys } from "../domain/stats/roll-up.ts";
import type { PlatformDefaults } from "../domain/policy/section.ts";
import { IdGenerator } from "../lib/id.ts";
import { addressTrouble } from "../ingest/addresses.ts";
import { describeFrom } from "../live/describe.ts";
import { LiveFeed } from "../live/feed.ts";
import { SharedFeed } from "../live/shared-feed.ts";
import { type Logger, reporter } from "../lib/log.ts";
import { Maintenance } from "../workers/maintenance.ts";
import { Workers } from "../workers/worker.ts";
import { egressOf, hostConcurrencyOf, policyDefaultsOf, portalLookOf, retentionOf, transformPoolOf } from "./parts.ts";
import { startPatiently } from "./wait-for-database.ts";
import { Receiving } from "./receiving.ts";
import { Metrics } from "../metrics/metrics.ts";
import { type MetricsServer, serveMetrics } from "../metrics/server.ts";
import { openStore } from "../store/open.ts";
import { describeWalLoss } from "../store/sqlite/wal-loss.ts";
import { describeTrouble, type StoreTrouble } from "../store/errors.ts";
import type { Store } from "../store/store.ts";
import type { LongTransaction } from "../store/transaction-watch.ts";
import type { TransformPool } from "../transform/pool.ts";
import { SecretBox } from "../lib/secret-box.ts";

export interface NodeOptions {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly log: Logger;
  /** How long clients may keep the server waiting; shorter in tests. */
  readonly timeouts?: Partial<HttpTimeouts>;
  /** The time that counts; that of the machine unless given. */
  readonly clock?: Clock;
  /** False: requests come from a server of the host's, through `server.routing`, and nothing listens. */
  readonly listens?: boolean;
  /** Where the host has mounted it, such as `/webhooks`; empty unless given. */
  readonly base?: string;
  /** Whether a host program can mount it, so that its pages and inbound webhooks share the origin of that program. */
  readonly embedded?: boolean;
  /** Ends a start that waits for its database, which then rejects. */
  readonly signal?: AbortSignal;
  /** What no setting of the server says of its HTTP client: another name service, an authority to trust. */
  readonly egress?: EgressOptions;
}

/** What a node is made of before anything runs. */
interface NodeParts {
  readonly store: Store;
  readonly cluster: Cluster;
  readonly feed: LiveFeed;
  readonly shared: SharedFeed;
  readonly ids: IdGenerator;
  readonly failed: Promise<Error>;
  /** What is to be released, in the order in which it was made. */
  readonly stack: AsyncDisposableStack;
}

/** Requests that are under way when the process stops may take this long. */
const CLOSE_REQUESTS_MS = 5000;
/** Once no attempt is under way, giving up the shards may take this long. */
const RELEASE_MS = 2000;
/** How often connections are closed whose last request has ended meanwhile. */
const CLOSE_IDLE_MS = 50;

/** Says which operation keeps others from writing: once while it does, and once when it has ended. */
function tellLongTransaction(log: Logger, { operation, openMs, ended }: LongTransaction): void {
  const state = ended ? "was open for" : "has been open for";
  log.warn({ operation, openMs, ended }, `a write transaction ${state} ${openMs} ms (${operation})`);
}

/** One line for each change. */
function tellTrouble(log: Logger, trouble: StoreTrouble | null): void {
  if (trouble === null) log.info("the database is back");
  else log.warn({ trouble }, `the database ${describeTrouble(trouble)}; trying again`);
}

/** Releases everything, and logs each part that could not be released. Rejects when there was one. */
async function release(stack: AsyncDisposableStack, log: Logger): Promise<void> {
  try {
    await stack.disposeAsync();
  } catch (failure) {
    for (
      let left: unknown = failure;
      left !== undefined;
      left = left instanceof SuppressedError ? left.suppressed : undefined
    ) {
      const err: unknown = left instanceof SuppressedError ? left.error : left;
      log.error({ err }, "part of the node was not released");
    }
    throw failure;
  }
}

/**
 * A running node.
 *
 * ```ts
 * await using node = await PosthornNode.start({ config, secrets, log });
 * ```
 */
export class PosthornNode implements AsyncDisposable {
  readonly services: Services;
  readonly authenticator: Authenticator;
  /** Resolves when the node cannot go on and the process should end, to be started anew; nothing that was accepted is lost. */
  readonly failed: Promise<Error>;
  readonly #options: NodeOptions;
  readonly #store: Store;
  readonly #egress: Egress;
  readonly #sender: EndpointSender;
  readonly #transforms: TransformPool;
  readonly #dispatcher: Dispatcher;
  readonly #cluster: Cluster;
  readonly #clusterWork: ClusterWork;
  readonly #lanes: LaneInspector;
  #guard!: GuardedAttempter;
  readonly #tasks: TaskRunner;
  readonly #operational: OperationalWebhookPublisher;
  readonly #outbox: OutboxRelay;
  readonly #health: EndpointHealthMonitor;
  readonly #certificates: CertificateMonitor;
  readonly #statistics: Statistics;
  readonly #workers: Workers;
  readonly #metrics: Metrics;
  /** Releases the parts of the node in the reverse order of their making, each of them even when another one fails. */
  readonly #stack: AsyncDisposableStack;
  #metricsServer: MetricsServer | null = null;
  readonly #receiving: Receiving;
  readonly #feed: LiveFeed;
  #server: FastifyInstance | null = null;
  #url = "";
  #closing: Promise<void> | null = null;
  /** Settles when the shards of this node are given up; set once it closes. */
  #drained: Promise<void> = Promise.resolve();

  private constructor(options: NodeOptions, node: NodeParts) {
    const { config, secrets, log, clock = systemClock } = options;
    const { store, cluster, feed, ids, failed, stack } = node;
    const leads = (): boolean => cluster.leads;
    this.#cluster = cluster;
    this.#stack = stack;
    const report = reporter(log);
    this.#feed = feed;
    this.#options = options;
    this.#store = store;
    this.failed = failed;
    const secretBox = new SecretBox(secrets.encryptionKey);
    const policyDefaults = policyDefaultsOf(config);
    const directory = new Directory({ store, secretBox, now: clock.now, policyDefaults });
    this.#egress = stack.adopt(egressOf(config, options.egress), (egress) => egress.close());
    this.#sender = new EndpointSender(this.#egress);
    this.#transforms = stack.use(transformPoolOf(config, log));
    this.authenticator = new Authenticator({
      store,
      jwtSecret: secrets.jwtSecret,
      now: clock.now,
      ensureOrganisation: (publicId) => ensureOrganisation(this.services, publicId),
    });
    this.#health = stack.use(
      new EndpointHealthMonitor({
        services: () => this.services,
        clock,
        onFailure: (error) => report(error, "the health of endpoints was not kept; trying again"),
        onDisabled: (disabled) => log.warn(disabled, "endpoint disabled"),
      }),
    );
    this.#certificates = stack.use(
      new CertificateMonitor({
        services: () => this.services,
        clock,
        onFailure: (error) => report(error, "the certificates of endpoints were not kept; trying again"),
      }),
    );
    stack.defer(() => this.#untilReleased());
    this.#dispatcher = this.#buildDispatcher(directory, secretBox, ids);
    stack.defer(() => this.#dispatcher.stop(config.shutdownTimeoutMs));
    this.#outbox = stack.use(
      new OutboxRelay({
        services: () => this.services,
        clock,
        onFailure: (error) => report(error, "the outbox was not taken up; trying again"),
        // A file has no other writer.
        looks: config.database.kind === "postgres",
        onNotTaken: (row) => log.warn(row, "no message could be made of what a transaction published: it is set aside"),
      }),
    );
    this.#operational = stack.use(
      new OperationalWebhookPublisher({
        services: () => this.services,
        clock,
        leads,
        onFailure: (error) => report(error, "operational webhooks were not published; trying again"),
      }),
    );
    this.#tasks = stack.use(
      new TaskRunner({
        services: () => this.services,
        clock,
        owns: (taskKey) => cluster.owns(taskKey),
        onFailure: (taskKey, error) => report(error, "task failed", { taskKey }),
      }),
    );
    this.#metrics = new Metrics({
      store,
      shards: () => cluster.shards,
      now: clock.now,
      load: () => this.#dispatcher.load,
      egress: this.#egress,
      inboundDuplicates: () => this.#receiving.duplicates.total,
    });
    store.onLongTransaction((transaction) => {
      tellLongTransaction(log, transaction);
      this.#metrics.longTransaction(transaction);
    });
    this.#statistics = stack.use(this.#buildStatistics());
    this.#receiving = stack.use(this.#buildReceiving(directory, secretBox));
    this.#lanes = this.#buildLaneInspector(node);
    this.services = {
      store,
      ids,
      now: clock.now,
      secretBox,
      directory,
      dispatch: new ClusterDispatch({ cluster, dispatcher: this.#dispatcher, store }),
      lanes: this.#lanes,
      tokens: this.authenticator,
      tasks: this.#tasks,
      transforms: this.#transforms,
      operational: this.#operational,
      health: this.#health,
      sources: this.#receiving.operations,
      providerApis: this.#receiving.providerApis,
      statistics: this.#statistics,
      cluster,
      ownership: new OwnershipCheck({
        sender: this.#sender,
        timeoutMs: config.requestTimeoutMs,
        publicUrl: () => this.services.rules.publicUrl(),
      }),
      urls: {
        judge: (url, allow) => this.#egress.check(url, allow === null ? undefined : parseAllowList(allow)),
      },
      rules: this.#buildRules(policyDefaults),
    };
    const maintenance = this.#buildMaintenance();
    this.#workers = this.#buildWorkers(maintenance);
    this.#clusterWork = stack.use(this.#buildClusterWork(node));
    stack.use(maintenance);
  }

  /** Opens the store, takes up what an earlier run left to do, and listens. Waits for a database that is away. */
  static start(options: NodeOptions): Promise<PosthornNode> {
    const { config, log, listens = true, signal = null } = options;
    // At a port that the system chooses nobody asks.
    const listen = listens && config.listen.port !== 0 ? config.listen : null;
    return startPatiently({ waitMs: config.databaseWaitMs, listen, log, signal }, (makeRoom) =>
      PosthornNode.#start(options, makeRoom),
    );
  }

  static async #start(options: NodeOptions, makeRoom: () => Promise<void>): Promise<PosthornNode> {
    const { clock = systemClock } = options;
    const { promise: failed, resolve: fail } = Promise.withResolvers<Error>();
    const feedOptions = {
      now: clock.now,
      setTimer: clock.setTimer,
      onFailure: (error: unknown) => reporter(options.log)(error, "the live feed has a gap"),
    };
    const feed: LiveFeed = new LiveFeed({
      ...feedOptions,
      run: randomUUID(),
      describe: (messages, endpoints) => describeFrom(store)(messages, endpoints),
    });
    const stack = new AsyncDisposableStack();
    const shared: SharedFeed = stack.use(new SharedFeed({ ...feedOptions, feed, store: () => store }));
    const store = stack.use(
      await openStore(options.config.database, {
        onFailure: fail,
        onTrouble: (trouble) => tellTrouble(options.log, trouble),
        onWalLoss: (loss) => options.log.warn(loss, describeWalLoss(loss)),
        listener: shared,
      }),
    );
    // Above the store: it reads from it until it is closed.
    stack.use(feed);
    let node: PosthornNode | null = null;
    try {
      const cluster = stack.use(await Cluster.join({ store, facts: nodeFacts(options.secrets) }));
      const { slot, keysFrom } = cluster.seat ?? { slot: null, keysFrom: 0 };
      const lastKey = Math.max(keysFrom - 1, await store.lastKey());
      const ids = new IdGenerator(clock.now, lastKey, slot, () => cluster.holdsSeat);
      await makeRoom();
      node = new PosthornNode(options, { store, cluster, feed, shared, ids, failed, stack });
      // Both are waited for: one that went on after the other failed would keep its port.
      for (const part of await Promise.allSettled([node.#listen(), node.#clusterWork.start()]))
        if (part.status === "rejected") throw part.reason;
      node.#workers.started();
      const warnings = node.#warnOfRefusedEgress();
      stack.defer(() => warnings);
      return node;
    } catch (error) {
      // What was started already, such as the server, would keep the process alive. What cannot be released is in the log.
      await (node?.[Symbol.asyncDispose]() ?? release(stack, options.log)).catch(() => undefined);
      throw error;
    }
  }

  /** The HTTP side, for a host that hands it requests. */
  get server(): FastifyInstance {
    return this.#server!;
  }

  /** Where the metrics are; `null`: nowhere. */
  get metricsUrl(): string | null {
    return this.#metricsServer?.url ?? null;
  }

  /** Where the API listens, such as `http://127.0.0.1:8071`. */
  get url(): string {
    return this.#url;
  }

  /**
   * Takes no new requests, lets attempts in flight end within `POSTHORN_SHUTDOWN_TIMEOUT`, and closes the store. What was not
   * finished is found again at the next start.
   */
  [Symbol.asyncDispose](): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#drained = this.#cluster.drain().catch(() => undefined);
    await release(this.#stack, this.#options.log);
  }

  /** What is still under way keeps its shards from being given up: others take them when the time of this node is over. */
  async #untilReleased(): Promise<void> {
    await Promise.race([this.#drained, delay(RELEASE_MS, undefined, { ref: false })]);
  }

  async #listen(): Promise<void> {
    const { config, log, clock = systemClock } = this.#options;
    const { services, authenticator } = this;
    const { corsOrigins, maxPayloadBytes, maxBatchBytes, sourceAddresses } = config;
    const sources = sourceAddresses.length === 0 ? null : webhookSources(sourceAddresses, new Date(clock.now()));
    const timeouts = this.#options.timeouts ?? {};
    this.#server = await buildServer({
      services,
      authenticator,
      log,
      corsOrigins,
      maxPayloadBytes,
      maxBatchBytes,
      sources,
      gateway: this.#receiving.gateway,
      trustedProxies: config.trustedProxies,
      ingestUrl: config.ingestUrl,
      frameAncestors: config.portalFrameAncestors,
      feed: this.#feed,
      base: this.#options.base ?? "",
      timeouts,
    });
    this.#stack.defer(() => this.#closeServer());
    if (this.#options.listens === false) {
      await this.#server.ready();
      return;
    }
    if (config.metricsListen !== null) {
      this.#metricsServer = this.#stack.use(await serveMetrics(this.#metrics, config.metricsListen));
    }
    try {
      this.#url = await this.#server.listen(config.listen);
    } catch (cause) {
      throw cannotListen(config.listen, cause);
    }
  }

  async #warnOfRefusedEgress(): Promise<void> {
    const { log } = this.#options;
    try {
      await warnOfRefusedEgress(refusedEgress(this.services), log, () => this.#closing !== null);
    } catch (error) {
      reporter(log)(error, "stored egress rules could not be checked");
    }
  }

  async #closeServer(): Promise<void> {
    if (this.#server === null) return;
    const { server } = this.#server;
    const force = setTimeout(() => server.closeAllConnections(), CLOSE_REQUESTS_MS);
    const sweep = setInterval(() => server.closeIdleConnections(), CLOSE_IDLE_MS);
    try {
      await this.#server.close();
    } finally {
      clearTimeout(force);
      clearInterval(sweep);
    }
  }

  /** Keys of this node up to which everything is on disk, or never will be. */
  #settled(): SettledKeys {
    const last = this.services.ids.settle();
    const lowest = this.#store.lowestWaiting();
    return { messages: lowest === null ? last : lowest - 1, attempts: this.#guard.settledUpTo };
  }

  async #settledByAll(): Promise<SettledKeys> {
    // Before the others are asked: what this node begins meanwhile has a greater key.
    const own = this.#settled();
    const others = await this.#cluster.settledByOthers();
    return {
      messages: Math.min(own.messages, others.messages),
      attempts: Math.min(own.attempts, others.attempts),
    };
  }

  #buildLaneInspector({ cluster, store }: NodeParts): LaneInspector {
    const dispatcher = this.#dispatcher;
    return new LaneInspector({ cluster, dispatcher, health: this.#health, store, time: cluster.time });
  }

  #buildWorkers(maintenance: Maintenance): Workers {
    return new Workers(
      [
        // First, so that no task sends to an endpoint before its failures are known.
        this.#health,
        this.#tasks,
        this.#outbox,
        this.#operational,
        this.#certificates,
        this.#statistics,
        this.#receiving.monitor,
        maintenance,
      ],
      (error, failure) => reporter(this.#options.log)(error, "a background job failed", failure),
    );
  }

  #buildClusterWork({ cluster, ids, shared }: NodeParts): ClusterWork {
    return new ClusterWork({
      services: this.services,
      cluster,
      dispatcher: this.#dispatcher,
      workers: this.#workers,
      ids,
      lanes: this.#lanes,
      feed: shared,
      settled: () => this.#settled(),
      log: this.#options.log,
    });
  }

  #buildReceiving(directory: Directory, secretBox: SecretBox): Receiving {
    const { log, clock = systemClock } = this.#options;
    return new Receiving({
      services: () => this.services,
      store: this.#store,
      secretBox,
      directory,
      egress: this.#egress,
      clock,
      leads: () => this.#cluster.leads,
      plainResponsesOnly: (orgId) => this.#plainResponsesOnly(orgId),
      log,
    });
  }

  #buildStatistics(): Statistics {
    const { log, clock = systemClock } = this.#options;
    return new Statistics({
      services: () => this.services,
      clock,
      settled: () => this.#settledByAll(),
      leads: () => this.#cluster.leads,
      load: () => this.#dispatcher.load,
      onFailure: (error) => reporter(log)(error, "statistics were not counted; trying again"),
    });
  }

  #buildMaintenance(): Maintenance {
    const { config, log, clock = systemClock } = this.#options;
    return new Maintenance({
      services: this.services,
      periods: retentionOf(config),
      clock,
      leads: () => this.#cluster.leads,
      onFailure: (error) => reporter(log)(error, "maintenance failed"),
    });
  }

  #buildRules(policyDefaults: PlatformDefaults): DomainRules {
    const { config } = this.#options;
    return {
      maxPayloadBytes: config.maxPayloadBytes,
      maxInboundBytes: config.maxInboundBytes,
      normaliseUrl: (url, allow) => this.#normaliseUrl(url, allow),
      normaliseAllow: (words) => parseAllowList(words).text,
      ...tenantEgressRules(this.#egress),
      egressTrouble: (settings, allow) => egressTrouble(this.#egress, settings, allow),
      policyDefaults,
      addressTrouble,
      retention: retentionOf(config),
      portalLook: portalLookOf(config),
      publicUrl: () => config.publicUrl || this.#url,
      ingestUrl: () => config.ingestUrl || config.publicUrl || this.#url,
      separateIngest: config.ingestUrl !== "",
    };
  }

  /** What sources of an organisation answer is plain where the pages of the same origin are not its own. */
  async #plainResponsesOnly(orgId: number): Promise<boolean> {
    if (this.services.rules.separateIngest) return false;
    return this.#options.embedded === true || orgId !== (await firstOrganisation(this.#store));
  }

  #buildDispatcher(directory: Directory, secretBox: SecretBox, ids: IdGenerator): Dispatcher {
    const { config, log, clock = systemClock } = this.#options;
    const http = new HttpDestination({
      sender: this.#sender,
      now: clock.now,
      families: config.secondHeaderFamily ? ["webhook", "svix"] : ["webhook"],
      secretBox,
      onCertificate: (seen) => this.#certificates.seen(seen),
    });
    const attempter = new DeliveryAttempter({
      store: this.#store,
      directory,
      destinations: { http },
      transforms: this.#transforms,
      ids,
      onSent: (job, result) => this.#receiving.tell(job, result),
      onTrouble: (trouble) => log.warn(trouble, "no request was made"),
    });
    const databaseWait = { store: this.#store, clock, random: Math.random };
    this.#guard = new GuardedAttempter({ attempter, ...databaseWait, lastKey: () => ids.lastKey });
    return new Dispatcher({
      store: this.#guard.store,
      attempter: this.#guard.attempter,
      clock,
      random: Math.random,
      policies: {
        policy: (endpointId) => retryWhileUnavailable(databaseWait, () => directory.policy(endpointId)),
        failing: (endpointId) => this.#health.streak(endpointId),
      },
      limits: { concurrency: config.concurrency, hostConcurrency: hostConcurrencyOf(config) },
      owners: this.#cluster,
      observer: {
        recorded: (outcome) => {
          this.#health.recorded(outcome);
          this.#metrics.recorded(outcome);
        },
        trouble: (what, error) => reporter(log)(error, `${what} failed; trying again`),
      },
    });
  }

  #normaliseUrl(text: string, allow: string | null): string {
    const trouble = this.#egress.validateUrl(text, allow === null ? undefined : parseAllowList(allow));
    if (trouble !== null) throw new Error(trouble.message);
    return new URL(text).href;
  }
}
