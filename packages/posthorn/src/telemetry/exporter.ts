/**
 * Queue between the node and the thread of telemetry. Bounded: records that the collector does not accept in time are dropped and counted, so
 * that an unreachable collector costs neither memory nor deliveries.
 */
import { Worker } from "node:worker_threads";
import type { TelemetryConfig } from "../config/telemetry.ts";
import { threadFile } from "../lib/thread-file.ts";
import { VERSION } from "../lib/version.ts";
import type { AttributeValue, Batch, FromThread, SignalName, SpanCells, ThreadOptions, ToThread } from "./types.ts";

export interface ExporterOptions {
  readonly config: TelemetryConfig;
  readonly resource: Readonly<Record<string, AttributeValue>>;
  readonly startedAt: number;
  /** Called when the collector begins to refuse a signal, and with `null` when it takes it again. */
  readonly onState: (signal: SignalName, problem: string | null) => void;
  /** The thread ended unexpectedly. It starts again with the next telemetry. */
  readonly onError: (error: Error) => void;
}

export interface ExportCounts {
  readonly exported: number;
  readonly dropped: number;
}

interface Lane {
  exported: number;
  dropped: number;
  /** Items here and in the thread. */
  waiting: number;
  /** Whether the last export failed. */
  failing: boolean;
}

/** Maximum number of metric snapshots that wait. Each replaces the one before it, because the values are totals. */
const MAX_SNAPSHOTS = 2;
/** Pause before the thread is started again. */
const REST_MS = 5000;
/** How long a stop waits for the remaining exports. */
const END_MS = 3000;

export class TelemetryExporter implements AsyncDisposable {
  readonly #options: ExporterOptions;
  readonly #lanes: Readonly<Record<SignalName, Lane>> = { traces: lane(), metrics: lane(), logs: lane() };
  readonly #timer: NodeJS.Timeout;
  #spans: SpanCells[] = [];
  #lines: string[] = [];
  #thread: Worker | null = null;
  #restsUntil = 0;
  #isEnding = false;

  constructor(options: ExporterOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#flush(), options.config.delayMs);
    this.#timer.unref();
  }

  counts(signal: SignalName): ExportCounts {
    return this.#lanes[signal];
  }

  span(span: SpanCells): void {
    if (!this.#admit("traces", this.#options.config.queueSize)) return;
    this.#spans.push(span);
    if (this.#spans.length >= this.#options.config.batchSize) this.#flush();
  }

  /** @param line Log entry as pino writes it. */
  line(line: string): void {
    if (!this.#admit("logs", this.#options.config.queueSize)) return;
    this.#lines.push(line);
    if (this.#lines.length >= this.#options.config.batchSize) this.#flush();
  }

  metrics(snapshot: Extract<Batch, { signal: "metrics" }>["items"][number]): void {
    if (this.#admit("metrics", MAX_SNAPSHOTS)) this.#post({ signal: "metrics", items: [snapshot] });
  }

  /** Exports the queued telemetry, within a few seconds. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#flush();
    this.#isEnding = true;
    const thread = this.#thread;
    if (thread === null) return;
    const ended = new Promise<void>((resolve) => thread.once("exit", () => resolve()));
    thread.postMessage({ signal: "end", withinMs: END_MS } satisfies ToThread, []);
    const late = setTimeout(() => void thread.terminate(), 2 * END_MS);
    await ended;
    clearTimeout(late);
  }

  #admit(signal: SignalName, most: number): boolean {
    const into = this.#lanes[signal];
    if (into.waiting >= most || this.#isEnding) {
      into.dropped++;
      return false;
    }
    into.waiting++;
    return true;
  }

  #flush(): void {
    if (this.#spans.length > 0) {
      const items = this.#spans;
      this.#spans = [];
      this.#post({ signal: "traces", items });
    }
    if (this.#lines.length > 0) {
      const items = this.#lines;
      this.#lines = [];
      this.#post({ signal: "logs", items });
    }
  }

  #post(batch: Batch): void {
    const thread = this.#threadNow();
    if (thread !== null) return thread.postMessage(batch, []);
    this.#lose(this.#lanes[batch.signal], batch.items.length);
  }

  /** `null` if it failed a moment ago. */
  #threadNow(): Worker | null {
    if (this.#thread !== null || Date.now() < this.#restsUntil) return this.#thread;
    const { config, resource, startedAt } = this.#options;
    const { traces, metrics, logs, batchSize } = config;
    const workerData: ThreadOptions = {
      exports: {
        ...(traces === null ? {} : { traces }),
        ...(metrics === null ? {} : { metrics }),
        ...(logs === null ? {} : { logs }),
      },
      resource,
      scope: { name: "posthorn", version: VERSION },
      batchSize,
      startedAt,
    };
    const thread = new Worker(threadFile("./telemetry-thread", import.meta.url), { workerData, env: {} });
    thread.unref();
    thread.on("message", (message: FromThread) => this.#heard(message));
    thread.on("error", (error) => this.#options.onError(error));
    thread.on("exit", () => this.#exited());
    this.#thread = thread;
    return thread;
  }

  #heard(message: FromThread): void {
    if (message.kind === "ended") return;
    const { signal, exported, dropped, error } = message;
    const of = this.#lanes[signal];
    of.exported += exported;
    of.waiting -= exported;
    this.#lose(of, dropped);
    if (of.failing === (error !== null)) return;
    of.failing = error !== null;
    this.#options.onState(signal, error);
  }

  #exited(): void {
    this.#thread = null;
    this.#restsUntil = Date.now() + REST_MS;
    this.#lose(this.#lanes.traces, this.#lanes.traces.waiting - this.#spans.length);
    this.#lose(this.#lanes.logs, this.#lanes.logs.waiting - this.#lines.length);
    this.#lose(this.#lanes.metrics, this.#lanes.metrics.waiting);
  }

  #lose(of: Lane, items: number): void {
    of.dropped += items;
    of.waiting -= items;
  }
}

function lane(): Lane {
  return { exported: 0, dropped: 0, waiting: 0, failing: false };
}
