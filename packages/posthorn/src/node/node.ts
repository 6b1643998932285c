/** A node: starts its store, workers and HTTP server from a configuration, and disposes them as a whole. */
import { setTimeout as delay } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import { warnOfRefusedEgress } from "../destinations/http/egress-settings.ts";
import { refusedEgress } from "../domain/application/refused-egress.ts";
import type { Authenticator } from "../domain/auth/authenticate.ts";
import type { Clock } from "../dispatch/types.ts";
import type { Services } from "../domain/context.ts";
import { systemClock } from "../lib/clock.ts";
import { reporter } from "../lib/log.ts";
import { compose, type Composition, type NodeBase, type NodeState } from "./compose.ts";
import { openFoundation } from "./foundation.ts";
import { type Http, startHttp } from "./http.ts";
import type { NodeOptions } from "./options.ts";
import { isWorker } from "./thread.ts";
import type { SqliteSeat } from "../store/sqlite/threads/seat.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { MetricReading } from "../telemetry/types.ts";
import { startSmtp } from "./smtp.ts";
import { release } from "./release.ts";
import { startWhenDatabaseIsUp } from "./wait-for-database.ts";

/** Maximum time to release the shards once no attempt is in flight. */
const RELEASE_MS = 2000;

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
  /** Resolves when the node cannot continue and the process should be restarted. No accepted message is lost. */
  readonly failed: Promise<Error>;
  readonly #base: NodeBase;
  readonly #composition: Composition;
  #http: Http | null = null;
  #smtpPort: number | null = null;
  #closing: Promise<void> | null = null;

  private constructor(base: NodeBase) {
    this.#base = base;
    this.#composition = compose(base);
    this.services = this.#composition.services;
    this.authenticator = this.#composition.authenticator;
    this.failed = base.failed;
  }

  /** Opens the store, continues the work of an earlier run, and listens. Waits for a database that is unavailable. */
  static start(options: NodeOptions): Promise<PosthornNode> {
    const { config, log, listens = true, signal = null, thread = null } = options;
    // Port 0 is chosen by the system, so clients could not know the port of a startup server. The main thread listens already.
    const listen = listens && config.listen.port !== 0 && !isWorker(thread) ? config.listen : null;
    return startWhenDatabaseIsUp({ waitMs: config.databaseWaitMs, listen, log, signal }, (closeStartupServer) =>
      PosthornNode.#start(options, closeStartupServer),
    );
  }

  /** @param closeStartupServer Closes the startup server, so that its port is free. */
  static async #start(options: NodeOptions, closeStartupServer: () => Promise<void>): Promise<PosthornNode> {
    const { clock = systemClock, log } = options;
    const stack = new AsyncDisposableStack();
    const state: NodeState = { url: "", drained: Promise.resolve() };
    let node: PosthornNode | null = null;
    try {
      const telemetry = await openTelemetry(options, clock, stack);
      const foundation = await openFoundation(options, clock, stack);
      await closeStartupServer();
      const served = options.listens !== false && options.config.metricsListen !== null;
      const counted = served || telemetry?.wantsMetrics === true || options.thread?.counts === true;
      node = new PosthornNode({
        ...foundation,
        telemetry,
        metrics: counted ? (await import("../metrics/metrics.ts")).Metrics : null,
        options,
        clock,
        stack,
        state,
        untilReleased: () => untilReleased(state),
      });
      await node.#run();
      return node;
    } catch (error) {
      // Parts that already run, such as the server, would keep the process alive. `release` logs failures.
      await (node?.[Symbol.asyncDispose]() ?? release(stack, log)).catch(() => undefined);
      throw error;
    }
  }

  /** The HTTP server, for a host program that passes requests to it. */
  get server(): FastifyInstance {
    return this.#http!.server;
  }

  /** URL of the metrics; `null`: they are not served. */
  get metricsUrl(): string | null {
    return this.#http?.metricsUrl ?? null;
  }

  /** Port at which emails are received; `null` if none are. */
  get smtpPort(): number | null {
    return this.#smtpPort;
  }

  /** Number of the node in the cluster. */
  get id(): number {
    return this.#base.cluster.id;
  }

  /** Lets another thread of this process use the store; `null`: it opens its own. */
  seat(): SqliteSeat | null {
    return this.#base.store.seat?.() ?? null;
  }

  /** The metrics of this node; empty if they are not counted. */
  async metrics(): Promise<readonly MetricReading[]> {
    return (await this.#composition.metrics?.readOwn()) ?? [];
  }

  /** Removes another thread of this process that has crashed from the cluster, so that its shards can be taken before its lease ends. */
  async removeNode(nodeId: number): Promise<void> {
    const { cluster, options, store } = this.#base;
    // The writer thread of SQLite does this itself, after the last requests of the thread.
    if ("seat" in store) return;
    try {
      await store.cluster?.leave(nodeId);
      store.signal({ kind: "nodes" });
      cluster.look();
    } catch (error) {
      reporter(options.log)(error, "a thread that ended could not be removed from the cluster; its lease will end", {
        node: nodeId,
      });
    }
  }

  /** URL of the API, such as `http://127.0.0.1:8071`. */
  get url(): string {
    return this.#base.state.url;
  }

  /**
   * Accepts no new requests, lets attempts in flight end within `POSTHORN_SHUTDOWN_TIMEOUT`, and closes the store. The next start continues
   * unfinished work.
   */
  [Symbol.asyncDispose](): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    const { cluster, options, stack, state } = this.#base;
    state.drained = cluster.drain().catch(() => undefined);
    await release(stack, options.log);
  }

  async #run(): Promise<void> {
    const { options, stack } = this.#base;
    const { clusterWork, workers } = this.#composition;
    await options.thread?.join();
    options.signal?.throwIfAborted();
    // Waits for both calls: a server that starts to listen after the other call has failed would keep its port.
    for (const part of await Promise.allSettled([this.#listen(), clusterWork.start()]))
      if (part.status === "rejected") throw part.reason;
    workers.started();
    this.#warnOfPause();
    const warnings = this.#warnOfRefusedEgress();
    stack.defer(() => warnings);
  }

  #warnOfPause(): void {
    const { pause, options } = this.#base;
    if (pause.current === null) return;
    const backupAt = new Date(pause.current.backupAt).toISOString();
    options.log.warn(
      { backupAt },
      `deliveries are paused, because the database was restored from a backup of ${backupAt}: run \`posthorn resume\` or use the dashboard to start them`,
    );
  }

  async #listen(): Promise<void> {
    const { options, clock, feed, stack, state } = this.#base;
    const { services, authenticator, metrics, receiving } = this.#composition;
    const parts = { services, authenticator, metrics, feed, gateway: receiving.gateway };
    this.#http = await startHttp(options, clock, parts, stack);
    state.url = this.#http.url || (options.thread?.url ?? "");
    this.#smtpPort = await startSmtp(options.config, { mails: receiving.mails, log: options.log }, stack);
  }

  async #warnOfRefusedEgress(): Promise<void> {
    const { log } = this.#base.options;
    try {
      await warnOfRefusedEgress(refusedEgress(this.services), log, () => this.#closing !== null);
    } catch (error) {
      reporter(log)(error, "stored egress rules could not be checked");
    }
  }
}

/** `null`: OpenTelemetry is off, and its code is not loaded. It is disposed last, so that it exports the telemetry of all other parts. */
async function openTelemetry(
  { config, log }: NodeOptions,
  { now }: Clock,
  stack: AsyncDisposableStack,
): Promise<Telemetry | null> {
  const { telemetry } = config;
  if (telemetry === null) return null;
  const { Telemetry: Loaded } = await import("../telemetry/telemetry.ts");
  return stack.use(new Loaded({ config: { ...config, telemetry }, log, now }));
}

/** Waits for the release of the shards. Other nodes take shards with attempts still in flight when the lease of this node ends. */
async function untilReleased(state: NodeState): Promise<void> {
  await Promise.race([state.drained, delay(RELEASE_MS, undefined, { ref: false })]);
}
