/** A node as one of several threads of a process, and its share of the limits of the process. */
import type { JobExchange } from "../cluster/job-exchange.ts";
import type { Config } from "../config/config.ts";
import type { ThreadHealth } from "../domain/ports.ts";
import type { Broadcast } from "../lib/broadcast.ts";
import type { ThreadMetrics } from "../metrics/aggregate.ts";
import type { Siblings } from "../store/siblings.ts";

export const MAIN_THREAD = 1;

/** Place of a node among the threads of its process. */
export interface NodeThread {
  /** 1 is the main thread. */
  readonly number: number;
  readonly siblings: Siblings;
  readonly broadcast: Broadcast;
  /** Called before the node accepts requests and takes shards. Resolves once changes in other threads wait for this one. */
  readonly join: () => Promise<void>;
  readonly exchange: JobExchange;
  readonly health: ThreadHealth;
  /** Sets a callback that receives the settings of this thread when its share of the limits changes, or has changed since the start. */
  onShare(listener: (share: Config) => void): void;
  /** URL at which the main thread listens, and later the others; `null` in the main thread. */
  readonly url: string | null;
  /** Whether metrics are counted for the main thread. */
  readonly counts: boolean;
  /** `null`: this is not the main thread. */
  readonly others: OtherThreads | null;
}

/** Whether a node runs in another thread than the main one of its process. */
export function isWorker(thread: NodeThread | null): boolean {
  return thread !== null && thread.number !== MAIN_THREAD;
}

/** What the main thread needs from the others. */
export interface OtherThreads extends ThreadMetrics {
  /** Resolves once all of them have ended. The main thread waits for that before it closes its store. */
  ended(): Promise<void>;
}

/** Whether several threads can listen on one port, so that the system spreads connections over them. */
export const SHARES_PORTS = process.platform === "linux";

/** Number of threads set by POSTHORN_THREADS; `null` if more are started on demand. */
export function fixedThreads({ threads }: Pick<Config, "threads">): number | null {
  return threads === "auto" ? null : threads;
}

/** Minimum number of connections for queries: see POSTHORN_DATABASE_CONNECTIONS. */
const MIN_CONNECTIONS = 2;

/** Settings of each of several threads, which divide the limits that the operator set for the process. */
export function shareOf(config: Config, threads: number): Config {
  const { concurrency, transformThreads, database } = config;
  const share = (limit: number): number => Math.ceil(limit / threads);
  return {
    ...config,
    threads,
    concurrency: share(concurrency),
    transformThreads: share(transformThreads),
    database:
      database.kind === "postgres"
        ? { ...database, connections: Math.max(MIN_CONNECTIONS, share(database.connections)) }
        : database,
  };
}

/** Settings of a thread other than the main one. Only the main thread has the other ports, and exports the metrics of all threads. */
export function workerConfigOf(config: Config, url: string): Config {
  const { listen, telemetry } = config;
  const { port, protocol } = new URL(url);
  return {
    ...config,
    listen: { host: listen.host, port: port === "" ? DEFAULT_PORTS[protocol]! : Number(port) },
    metricsListen: null,
    smtpListen: null,
    telemetry: telemetry && { ...telemetry, metrics: null },
  };
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };
