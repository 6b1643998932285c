/** What a node tells Prometheus. Names, labels and meaning: docs/features/metrics.md. */
import type { Egress } from "@posthorn/egress";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { AttemptRecord, Outcome } from "../dispatch/types.ts";
import type { DispatchLoad } from "../domain/ports.ts";
import { isStoreAway } from "../store/errors.ts";
import type { Store, StoreSize } from "../store/store.ts";
import { LONG_TRANSACTION_MS, type LongTransaction } from "../store/transaction-watch.ts";

export interface MetricsOptions {
  readonly store: Store;
  readonly load: () => DispatchLoad;
  /** How many shards the node has. */
  readonly shards: () => number;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly egress: Pick<Egress, "stats">;
  /** Duplicate deliveries at sources since the process started. */
  readonly inboundDuplicates: () => number;
}

/** Seconds; an attempt takes 60 of them at most unless settings say otherwise. */
const ATTEMPT_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

const STATES = ["pending", "succeeded", "failed", "canceled"] as const;

export class Metrics {
  readonly #registry = new Registry();
  readonly #attempts: Counter<"outcome" | "cause">;
  readonly #duration: Histogram;
  readonly #outcomes: Counter<"state">;
  readonly #longTransactions: Counter<"operation">;

  constructor(options: MetricsOptions) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#attempts = new Counter({
      name: "posthorn_attempts_total",
      help: "Attempts on disk, by outcome and by cause: class of the status code, or the code of what went wrong.",
      labelNames: ["outcome", "cause"],
      registers,
    });
    this.#duration = new Histogram({
      name: "posthorn_attempt_duration_seconds",
      help: "From the name look-up to the last byte of the answer.",
      buckets: ATTEMPT_BUCKETS,
      registers,
    });
    this.#outcomes = new Counter({
      name: "posthorn_outcomes_total",
      help: "Outcomes on disk, by where they left their delivery.",
      labelNames: ["state"],
      registers,
    });
    this.#longTransactions = new Counter({
      name: "posthorn_long_transactions_total",
      help: `Write transactions that were open for more than ${LONG_TRANSACTION_MS} ms, by the route or background job that opened them.`,
      labelNames: ["operation"],
      registers,
    });
    watchDispatcher(this.#registry, options);
    watchStore(this.#registry, options.store);
    watchEgress(this.#registry, options.egress);
    counter(
      this.#registry,
      "posthorn_inbound_duplicates_total",
      "Deliveries at sources that repeated an earlier one, so were acknowledged and not forwarded.",
      options.inboundDuplicates,
    );
  }

  /** An outcome is on disk. */
  recorded({ state, attempt }: Outcome): void {
    this.#outcomes.inc({ state: STATES[state] });
    if (attempt === null) return;
    this.#attempts.inc({ outcome: attempt.status === 0 ? "success" : "failure", cause: causeOf(attempt) });
    this.#duration.observe(attempt.durationMs / 1000);
  }

  /** A write transaction is open for long, or was: counted once, at the first report. */
  longTransaction({ operation, first }: LongTransaction): void {
    if (first) this.#longTransactions.inc({ operation });
  }

  /** The text that Prometheus reads, and its type. */
  async text(): Promise<{ readonly type: string; readonly body: string }> {
    return { type: this.#registry.contentType, body: await this.#registry.metrics() };
  }
}

/** Few values, whatever endpoints answer. */
function causeOf({ errorCode, responseCode }: AttemptRecord): string {
  const byStatus = errorCode === null || errorCode === "status";
  return byStatus ? `${Math.floor(responseCode / 100)}xx` : errorCode;
}

function gauge(registry: Registry, name: string, help: string, value: () => number): void {
  registry.registerMetric(
    new Gauge({
      name,
      help,
      registers: [],
      collect() {
        this.set(value());
      },
    }),
  );
}

/** A count that is kept elsewhere. */
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

function watchDispatcher(registry: Registry, { load, shards, now }: MetricsOptions): void {
  gauge(registry, "posthorn_shards", "Shards of endpoints that this node has, of 64.", shards);
  gauge(
    registry,
    "posthorn_dispatcher_lag_seconds",
    "For how long the delivery has waited that has waited longest for its turn; what is held or paused does not count.",
    () => Math.max(0, now() - (load().oldestDue ?? now())) / 1000,
  );
  gauge(registry, "posthorn_dispatcher_in_flight", "Attempts under way.", () => load().inFlight);
  gauge(registry, "posthorn_dispatcher_lanes", "Endpoints with a lane in memory.", () => load().lanes);
  gauge(
    registry,
    "posthorn_dispatcher_queued_bytes",
    "Bytes of the deliveries that wait in lanes.",
    () => load().queuedBytes,
  );
}

function watchStore(registry: Registry, store: Store): void {
  const { counters } = store;
  counter(registry, "posthorn_commits_total", "Group commits of messages and outcomes.", () => counters.commits);
  counter(
    registry,
    "posthorn_commit_seconds_total",
    "Time that group commits took, from being handed to the writer to being on disk.",
    () => counters.commitMs / 1000,
  );
  counter(registry, "posthorn_messages_total", "Messages that were given to commits.", () => counters.accepts);
  counter(registry, "posthorn_records_total", "Outcomes that were given to commits.", () => counters.records);
  gauge(registry, "posthorn_store_waiting_bytes", "Payload bytes that wait for the disk.", () => counters.waitingBytes);
  gauge(registry, "posthorn_database_up", "1 while the database can be worked with, else 0.", () =>
    store.trouble === null ? 1 : 0,
  );
  gauge(
    registry,
    "posthorn_wal_loss_detected",
    "1 if SQLite's write-ahead log had lost commits when this process started, else 0.",
    () => (store.walLoss === null ? 0 : 1),
  );
  registry.registerMetric(
    new Gauge({
      name: "posthorn_store_bytes",
      help: "Bytes of the database: in use, and free for what comes in next.",
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
      help: "Bytes left on the disk of the database; absent where it cannot be seen.",
      registers: [],
      async collect() {
        const disk = (await sizeOf(store))?.disk ?? null;
        this.remove();
        if (disk !== null) this.set(disk.freeBytes);
      },
    }),
  );
}

/** `null`: the database is away. All that is known without it is told all the same. */
async function sizeOf(store: Store): Promise<StoreSize | null> {
  try {
    return await store.size();
  } catch (error) {
    if (isStoreAway(error)) return null;
    throw error;
  }
}

function watchEgress(registry: Registry, egress: Pick<Egress, "stats">): void {
  gauge(registry, "posthorn_egress_sockets", "Open sockets to endpoints.", () => egress.stats.sockets);
  gauge(registry, "posthorn_egress_idle_sockets", "Of these, those without a request.", () => egress.stats.idle);
  gauge(registry, "posthorn_egress_origins", "Origins with an open socket.", () => egress.stats.origins);
  gauge(
    registry,
    "posthorn_egress_requests",
    "Requests under way or waiting for a socket.",
    () => egress.stats.requests,
  );
}
