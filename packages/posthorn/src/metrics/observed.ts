/** Metrics whose values other parts of the node keep. They are read when metrics are collected. */
import type { Egress } from "@posthorn/egress";
import { Counter, Gauge, type Registry } from "prom-client";
import type { ConnectorStats } from "../destinations/connections/connector.ts";
import type { DispatchLoad } from "../domain/ports.ts";
import type { ThreadMetrics } from "./aggregate.ts";
import { isStoreUnavailable } from "../store/errors.ts";
import type { Store, StoreSize } from "../store/store.ts";

export interface MetricsOptions {
  readonly store: Store;
  readonly load: () => DispatchLoad;
  /** Number of shards that the node owns. */
  readonly shards: () => number;
  /** Whether deliveries are paused after a restore. */
  readonly paused: () => boolean;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly egress: Pick<Egress, "stats">;
  readonly connector: { readonly stats: ConnectorStats };
  /** Connections of sources. */
  readonly sourceConnector: { readonly stats: ConnectorStats };
  /** Duplicate deliveries at sources since the process started. */
  readonly inboundDuplicates: () => number;
  /** Number of sources that this node reads. */
  readonly sources: () => number;
  /** Deliveries waiting to be sent at the last count. */
  readonly backlog: () => number;
  /** Watches that this node evaluates. */
  readonly watches: () => number;
  /** `null`: OpenTelemetry is off. */
  readonly telemetry: {
    readonly counts: (signal: TelemetrySignal) => { readonly exported: number; readonly dropped: number };
  } | null;
  /** Whether the metrics are those of a thread that the main thread adds to its own. */
  readonly isWorker: boolean;
  /** The other threads of the process; `null`: there are none, or this is one of them. */
  readonly others: ThreadMetrics | null;
}

type TelemetrySignal = "traces" | "metrics" | "logs";

/** Registers the metrics whose values other parts of the node keep. */
export function registerObserved(registry: Registry, options: MetricsOptions): void {
  registerDispatcher(registry, options);
  registerSources(registry, options);
  registerStore(registry, options.store);
  if (!options.isWorker) registerProcess(registry, options);
  registerEgress(registry, options.egress);
  registerConnector(registry, options);
  registerTelemetry(registry, options.telemetry);
  gauge(registry, "posthorn_watches", "Watches that this node evaluates.", options.watches);
}

/** @param aggregator How the values of several threads become one. */
function gauge(
  registry: Registry,
  name: string,
  help: string,
  value: () => number,
  aggregator: "sum" | "min" | "max" = "sum",
): void {
  registry.registerMetric(
    new Gauge({
      name,
      help,
      aggregator,
      registers: [],
      collect() {
        this.set(value());
      },
    }),
  );
}

/** A counter whose value is kept elsewhere. */
function counter(registry: Registry, name: string, help: string, value: () => number): void {
  registry.registerMetric(
    new Counter({
      name,
      help,
      registers: [],
      collect() {
        this.reset();
        this.inc(value());
      },
    }),
  );
}

function registerDispatcher(registry: Registry, { load, shards, paused, now, backlog }: MetricsOptions): void {
  gauge(
    registry,
    "posthorn_backlog_deliveries",
    "Deliveries waiting to be sent at the last count, on all nodes. Deliveries on hold or paused do not count.",
    backlog,
    "max",
  );
  gauge(
    registry,
    "posthorn_deliveries_paused",
    "1: this server sends nothing, because its database was restored and deliveries have not been resumed.",
    () => (paused() ? 1 : 0),
    "max",
  );
  gauge(registry, "posthorn_shards", "Number of the 64 endpoint shards that this node owns.", shards);
  gauge(
    registry,
    "posthorn_dispatcher_lag_seconds",
    "Age of the oldest delivery ready to be sent. Deliveries on hold or paused do not count.",
    () => Math.max(0, now() - (load().oldestDue ?? now())) / 1000,
    "max",
  );
  gauge(registry, "posthorn_dispatcher_in_flight", "Attempts in flight.", () => load().inFlight);
  gauge(registry, "posthorn_dispatcher_lanes", "Endpoints with a lane in memory.", () => load().lanes);
  gauge(
    registry,
    "posthorn_dispatcher_queued_bytes",
    "Bytes of the deliveries queued in lanes.",
    () => load().queuedBytes,
  );
}

function registerSources(registry: Registry, { sources, inboundDuplicates }: MetricsOptions): void {
  gauge(registry, "posthorn_sources_read", "Sources that this node reads.", sources);
  counter(
    registry,
    "posthorn_inbound_duplicates_total",
    "Duplicate deliveries at sources: acknowledged, but not forwarded.",
    inboundDuplicates,
  );
}

function registerStore(registry: Registry, store: Store): void {
  const { counters } = store;
  counter(registry, "posthorn_commits_total", "Group commits of messages and outcomes.", () => counters.commits);
  counter(
    registry,
    "posthorn_commit_seconds_total",
    "Total duration of group commits, from hand-over to the writer until they are on disk.",
    () => counters.commitMs / 1000,
  );
  counter(
    registry,
    "posthorn_messages_total",
    "Messages written to commits, including refused duplicates.",
    () => counters.accepts,
  );
  counter(registry, "posthorn_records_total", "Outcomes written to commits.", () => counters.records);
  gauge(
    registry,
    "posthorn_store_waiting_bytes",
    "Payload bytes waiting to be written to disk.",
    () => counters.waitingBytes,
  );
  gauge(
    registry,
    "posthorn_database_up",
    "1 while the database can be used, else 0.",
    () => (store.outage === null ? 1 : 0),
    "min",
  );
  gauge(
    registry,
    "posthorn_wal_loss_detected",
    "1 if SQLite's write-ahead log had lost commits when this process started, else 0.",
    () => (store.walLoss === null ? 0 : 1),
    "max",
  );
}

/** Metrics for which every thread of the process would read the same value. */
function registerProcess(registry: Registry, { others, store }: MetricsOptions): void {
  gauge(registry, "posthorn_threads", "Threads of this process that run a node.", () => 1 + (others?.running ?? 0));
  gauge(
    registry,
    "posthorn_threads_unavailable",
    "Threads of this process that do not respond, or have crashed and are not running again yet.",
    () => others?.unavailable ?? 0,
  );
  counter(
    registry,
    "posthorn_thread_restarts_total",
    "Threads that crashed and were restarted.",
    () => others?.restarts ?? 0,
  );
  registry.registerMetric(
    new Gauge({
      name: "posthorn_store_bytes",
      help: "Size of the database in bytes, by part: used, and free for new data.",
      labelNames: ["part"],
      registers: [],
      async collect() {
        const size = await sizeOf(store);
        this.reset();
        if (size === null) return;
        this.set({ part: "used" }, size.bytes - size.freeBytes);
        this.set({ part: "free" }, size.freeBytes);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: "posthorn_disk_free_bytes",
      help: "Free bytes on the disk of the database. Absent if the node cannot see that disk.",
      registers: [],
      async collect() {
        const disk = (await sizeOf(store))?.disk ?? null;
        this.remove();
        if (disk !== null) this.set(disk.freeBytes);
      },
    }),
  );
}

/** Registered without OpenTelemetry too, so that an alert on them finds them on every node. */
function registerTelemetry(registry: Registry, telemetry: MetricsOptions["telemetry"]): void {
  const bySignal = (name: string, help: string, count: "exported" | "dropped") =>
    registry.registerMetric(
      new Counter({
        name,
        help,
        labelNames: ["signal"],
        registers: [],
        collect() {
          this.reset();
          for (const signal of TELEMETRY_SIGNALS) this.inc({ signal }, telemetry?.counts(signal)[count] ?? 0);
        },
      }),
    );
  bySignal(
    "posthorn_telemetry_exported_total",
    "Spans, metric snapshots and log records that the OpenTelemetry collector accepted, by signal.",
    "exported",
  );
  bySignal(
    "posthorn_telemetry_dropped_total",
    "Spans, metric snapshots and log records that were dropped, because the OpenTelemetry collector did not accept them in time.",
    "dropped",
  );
}

const TELEMETRY_SIGNALS = ["traces", "metrics", "logs"] as const;

/** `null`: the database is unavailable. The other metrics are still exported. */
async function sizeOf(store: Store): Promise<StoreSize | null> {
  try {
    return await store.size();
  } catch (error) {
    if (isStoreUnavailable(error)) return null;
    throw error;
  }
}

function registerEgress(registry: Registry, egress: Pick<Egress, "stats">): void {
  gauge(registry, "posthorn_egress_sockets", "Open sockets to endpoints.", () => egress.stats.sockets);
  gauge(registry, "posthorn_egress_idle_sockets", "Open sockets to endpoints that are idle.", () => egress.stats.idle);
  gauge(registry, "posthorn_egress_origins", "Origins with an open socket.", () => egress.stats.origins);
  gauge(
    registry,
    "posthorn_egress_requests",
    "Requests to endpoints in flight or waiting for a socket.",
    () => egress.stats.requests,
  );
}

function registerConnector(
  registry: Registry,
  { connector, sourceConnector }: Pick<MetricsOptions, "connector" | "sourceConnector">,
): void {
  const byKind = (name: string, help: string, values: () => Readonly<Record<string, number>>) =>
    registry.registerMetric(
      new Gauge({
        name,
        help,
        labelNames: ["kind"],
        registers: [],
        collect() {
          this.reset();
          for (const [kind, value] of Object.entries(values())) this.set({ kind }, value);
        },
      }),
    );
  byKind(
    "posthorn_connector_connections",
    "Open connections to brokers, databases and mail servers, by kind of destination.",
    () => connector.stats.connections,
  );
  byKind(
    "posthorn_connector_in_flight",
    "Messages sent over these connections that are waiting for their result, by kind of destination.",
    () => connector.stats.inFlight,
  );
  byKind(
    "posthorn_source_connections",
    "Connections over which sources are read, by kind of source.",
    () => sourceConnector.stats.connections,
  );
  counter(
    registry,
    "posthorn_connector_failures_total",
    "Unexpected exits of the threads that hold these connections. A thread is restarted when it is needed.",
    () => connector.stats.failures + sourceConnector.stats.failures,
  );
  gauge(
    registry,
    "posthorn_connector_memory_bytes",
    "Memory of the threads that hold these connections; 0 if none is running.",
    () => connector.stats.memoryBytes + sourceConnector.stats.memoryBytes,
  );
}
