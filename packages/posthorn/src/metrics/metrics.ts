/** Prometheus metrics of a node. docs/features/metrics.md describes each of them; `npm run check:docs` compares the names. */
import { collectDefaultMetrics, Counter, Histogram, Registry } from "prom-client";
import type { AttemptRecord, Outcome } from "../store/delivery.ts";
import type { MetricReading } from "../telemetry/types.ts";
import { aggregate, readingsOf } from "./aggregate.ts";
import { LONG_TRANSACTION_MS, type LongTransaction } from "../store/transaction-watch.ts";
import { type MetricsOptions, registerObserved } from "./observed.ts";

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

/** Counts events of this node, and answers requests for all its metrics. */
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
      help: "Seconds spent on evaluating and storing watches of this node.",
      registers,
    });
    this.#droppedRequests = new Counter({
      name: "posthorn_request_log_dropped_total",
      help: "API requests that have no entry in the log because a caller or an organisation made too many.",
      registers,
    });
    registerObserved(this.#registry, options);
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
