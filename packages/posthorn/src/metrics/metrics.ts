/** Prometheus metrics of a node. docs/features/metrics.md describes each of them; `npm run check:docs` compares the names. */
import type { Egress } from "@posthorn/egress";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { ConnectorStats } from "../destinations/connections/connector.ts";
import type { AttemptRecord, Outcome } from "../store/delivery.ts";
import type { DispatchLoad } from "../domain/ports.ts";
import type { MetricReading } from "../telemetry/types.ts";
import { aggregate, readingsOf, type ThreadMetrics } from "./aggregate.ts";
import { isStoreUnavailable } from "../store/errors.ts";
import type { Store, StoreSize } from "../store/store.ts";
import { LONG_TRANSACTION_MS, type LongTransaction } from "../store/transaction-watch.ts";

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

/** In seconds. By default an attempt times out after at most 60 s. */
const ATTEMPT_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

const STATES = ["pending", "succeeded", "failed", "canceled"] as const;

/**
 * Default metrics of prom-client that `promtool check metrics` rejects: gauges with the suffix of counters. Their values are also in metrics
 * without the suffix, by type.
 */
const MISNAMED_GAUGES = [
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
  "nodejs_active_resources_total",
];

export class Metrics {
  readonly #registry = new Registry();
  readonly #others: MetricsOptions["others"];
  readonly #attempts: Counter<"outcome" | "cause">;
  readonly #duration: Histogram;
  readonly #outcomes: Counter<"state">;
  readonly #longTransactions: Counter<"operation">;
  readonly #sourceReads: Counter<"kind" | "result">;
  readonly #sourceEvents: Counter<"kind">;
  readonly #watchSamples: Counter;
  readonly #watchTransitions: Counter;
  readonly #watchSeconds: Counter;
  readonly #droppedRequests: Counter;

  constructor(options: MetricsOptions) {
    this.#others = options.others;
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    for (const name of MISNAMED_GAUGES) this.#registry.removeSingleMetric(name);
    this.#attempts = new Counter({
      name: "posthorn_attempts_total",
      help: "Recorded attempts, by outcome and by cause: the class of the status code, or the error code.",
      labelNames: ["outcome", "cause"],
      registers,
    });
    this.#duration = new Histogram({
      name: "posthorn_attempt_duration_seconds",
      help: "Duration of attempts, from the DNS look-up to the last byte of the response.",
      buckets: ATTEMPT_BUCKETS,
      registers,
    });
    this.#outcomes = new Counter({
      name: "posthorn_outcomes_total",
      help: "Recorded outcomes, by the resulting state of the delivery.",
      labelNames: ["state"],
      registers,
    });
    this.#longTransactions = new Counter({
      name: "posthorn_long_transactions_total",
      help: `Write transactions that were open for more than ${LONG_TRANSACTION_MS} ms, by the route or background job that opened them.`,
      labelNames: ["operation"],
      registers,
    });
    this.#sourceReads = new Counter({
      name: "posthorn_source_reads_total",
      help: "Polls and connections of sources that Posthorn reads, by the kind of the source and the result: ok or failed.",
      labelNames: ["kind", "result"],
      registers,
    });
    this.#sourceEvents = new Counter({
      name: "posthorn_source_events_total",
      help: "Events stored of sources that Posthorn reads, by the kind of the source.",
      labelNames: ["kind"],
      registers,
    });
    gauge(this.#registry, "posthorn_sources_read", "Sources that this node reads.", options.sources);
    this.#watchSamples = new Counter({
      name: "posthorn_watch_samples_total",
      help: "Samples that watches of this node evaluated.",
      registers,
    });
    this.#watchTransitions = new Counter({
      name: "posthorn_watch_transitions_total",
      help: "Transitions that watches of this node reported.",
      registers,
    });
    this.#watchSeconds = new Counter({
      name: "posthorn_watch_seconds_total",
      help: "Seconds in which watches of this node were evaluated and stored.",
      registers,
    });
    this.#droppedRequests = new Counter({
      name: "posthorn_request_log_dropped_total",
      help: "API requests that have no entry in the log because a caller or an organisation made too many.",
      registers,
    });
    gauge(this.#registry, "posthorn_watches", "Watches that this node evaluates.", options.watches);
    watchDispatcher(this.#registry, options);
    watchStore(this.#registry, options.store);
    if (!options.isWorker) watchProcess(this.#registry, options);
    watchEgress(this.#registry, options.egress);
    watchConnector(this.#registry, options);
    watchTelemetry(this.#registry, options.telemetry);
    counter(
      this.#registry,
      "posthorn_inbound_duplicates_total",
      "Duplicate deliveries at sources: acknowledged, but not forwarded.",
      options.inboundDuplicates,
    );
  }

  /** Counts an outcome that is on disk. */
  recorded({ state, attempt }: Outcome): void {
    this.#outcomes.inc({ state: STATES[state] });
    if (attempt === null) return;
    this.#attempts.inc({ outcome: attempt.status === 0 ? "success" : "failure", cause: causeOf(attempt) });
    this.#duration.observe(attempt.durationMs / 1000);
  }

  /** Counts a poll of a source, or a connection to one. */
  sourceRead(kind: string, result: "ok" | "failed"): void {
    this.#sourceReads.inc({ kind, result });
  }

  sourceEvents(kind: string, events: number): void {
    this.#sourceEvents.inc({ kind }, events);
  }

  /** Counts an API request that is not in the log because of its limits. */
  requestDropped(): void {
    this.#droppedRequests.inc();
  }

  /** Counts a step of a watch. */
  watchStep({ samples, transitions }: { readonly samples: number; readonly transitions: number }, ms: number): void {
    this.#watchSamples.inc(samples);
    this.#watchTransitions.inc(transitions);
    this.#watchSeconds.inc(ms / 1000);
  }

  /** Counts a long write transaction, once, at its first report. */
  longTransaction({ operation, first }: LongTransaction): void {
    if (first) this.#longTransactions.inc({ operation });
  }

  /** Names of the metrics of Posthorn, without those of the process. */
  get names(): readonly string[] {
    return this.#registry
      .getMetricsAsArray()
      .map(({ name }) => name)
      .filter((name) => name.startsWith("posthorn_"));
  }

  /** The metrics of all threads with their values, for export to a collector. */
  async read(): Promise<readonly MetricReading[]> {
    return readingsOf(await this.#all());
  }

  /** The metrics of this thread. */
  readOwn(): Promise<readonly MetricReading[]> {
    return readingsOf(this.#registry);
  }

  /** The metrics of all threads in the Prometheus text format, with their content type. */
  async text(): Promise<{ readonly type: string; readonly body: string }> {
    const all = await this.#all();
    return { type: all.contentType, body: await all.metrics() };
  }

  async #all(): Promise<Registry> {
    const others = (await this.#others?.metrics()) ?? [];
    return others.length === 0 ? this.#registry : aggregate(await this.readOwn(), others);
  }
}

/** A label with few values, regardless of the status codes that endpoints return. */
function causeOf({ errorCode, responseCode }: AttemptRecord): string {
  const byStatus = errorCode === null || errorCode === "status";
  return byStatus ? `${Math.floor(responseCode / 100)}xx` : errorCode;
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

function watchDispatcher(registry: Registry, { load, shards, paused, now, backlog }: MetricsOptions): void {
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

function watchStore(registry: Registry, store: Store): void {
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

/** What all threads of the process would read alike. */
function watchProcess(registry: Registry, { others, store }: MetricsOptions): void {
  gauge(registry, "posthorn_threads", "Threads of this process that run a node.", () => 1 + (others?.running ?? 0));
  counter(
    registry,
    "posthorn_thread_restarts_total",
    "Threads that crashed and were started again.",
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
function watchTelemetry(registry: Registry, telemetry: MetricsOptions["telemetry"]): void {
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

function watchEgress(registry: Registry, egress: Pick<Egress, "stats">): void {
  gauge(registry, "posthorn_egress_sockets", "Open sockets to endpoints.", () => egress.stats.sockets);
  gauge(
    registry,
    "posthorn_egress_idle_sockets",
    "Open sockets to endpoints without a request.",
    () => egress.stats.idle,
  );
  gauge(registry, "posthorn_egress_origins", "Origins with an open socket.", () => egress.stats.origins);
  gauge(
    registry,
    "posthorn_egress_requests",
    "Requests to endpoints in flight or waiting for a socket.",
    () => egress.stats.requests,
  );
}

function watchConnector(
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
    "Unexpected exits of the threads that hold these connections. A thread is started again when it is needed.",
    () => connector.stats.failures + sourceConnector.stats.failures,
  );
  gauge(
    registry,
    "posthorn_connector_memory_bytes",
    "Memory of the threads that hold these connections; 0 if none is running.",
    () => connector.stats.memoryBytes + sourceConnector.stats.memoryBytes,
  );
}
