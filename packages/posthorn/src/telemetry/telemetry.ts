/** OpenTelemetry of a node: its tracer, and the export of spans, metrics and logs. Loaded only if it is configured. */
import { hostname } from "node:os";
import type { Config } from "../config/config.ts";
import type { TelemetryConfig } from "../config/telemetry.ts";
import { attachLogSink, type Logger } from "../lib/log.ts";
import { VERSION } from "../lib/version.ts";
import { type ExportCounts, TelemetryExporter } from "./exporter.ts";
import { Tracer } from "./tracer.ts";
import type { MetricReading, SignalName } from "./types.ts";

export interface TelemetryOptions {
  readonly config: Config & { readonly telemetry: TelemetryConfig };
  readonly log: Logger;
  /** Unix milliseconds. */
  readonly now: () => number;
}

export class Telemetry implements AsyncDisposable {
  /** `null`: no spans are exported. */
  readonly tracing: Tracer | null;
  readonly #exporter: TelemetryExporter;
  readonly #options: TelemetryOptions;
  readonly #detachLog: () => void;
  #metricsTimer: NodeJS.Timeout | null = null;
  #read: (() => Promise<readonly MetricReading[]>) | null = null;

  constructor(options: TelemetryOptions) {
    const { config, log, now } = options;
    const { telemetry } = config;
    this.#options = options;
    // Not exported itself: each refused export would create the next one.
    const own = log.child({ telemetry: true });
    this.#exporter = new TelemetryExporter({
      config: telemetry,
      resource: resourceOf(telemetry),
      startedAt: now(),
      onState: (signal, problem) => {
        if (problem === null) own.info(`the OpenTelemetry collector accepts ${signal} again`);
        else own.warn(`${signal} are not exported: ${problem}. Deliveries are not affected`);
      },
      onError: (err) => own.error({ err }, "the thread of OpenTelemetry ended; it starts again in a moment"),
    });
    const emit = this.#exporter.span.bind(this.#exporter);
    const scheme = config.publicUrl.startsWith("https:") ? "https" : "http";
    this.tracing =
      telemetry.traces === null
        ? null
        : new Tracer({ config: telemetry, slowMs: config.traceSlowMs, now: preciseClock(now), scheme, emit });
    this.#detachLog = telemetry.logs === null ? () => undefined : attachLogSink(log, (line) => this.#line(line));
  }

  counts(signal: SignalName): ExportCounts {
    return this.#exporter.counts(signal);
  }

  /** Whether metrics are exported. */
  get wantsMetrics(): boolean {
    return this.#options.config.telemetry.metrics !== null;
  }

  /** Begins to export metrics. */
  exportMetrics(read: () => Promise<readonly MetricReading[]>): void {
    this.#read = read;
    this.#metricsTimer = setInterval(() => void this.#exportMetrics(), this.#options.config.telemetry.metricIntervalMs);
    this.#metricsTimer.unref();
  }

  /** Exports the queued telemetry, and the last values of the metrics. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#metricsTimer !== null) clearInterval(this.#metricsTimer);
    this.#detachLog();
    await this.#exporter[Symbol.asyncDispose]();
  }

  /** Reads the metrics a last time, while the parts that they are read from still exist. */
  async lastMetrics(): Promise<void> {
    if (this.#metricsTimer !== null) clearInterval(this.#metricsTimer);
    this.#metricsTimer = null;
    await this.#exportMetrics();
    this.#read = null;
  }

  async #exportMetrics(): Promise<void> {
    if (this.#read === null) return;
    try {
      this.#exporter.metrics({ at: this.#options.now(), metrics: await this.#read() });
    } catch {
      // The database is unavailable. The next values include these.
    }
  }

  #line(line: string): void {
    if (!line.includes('"telemetry":true')) this.#exporter.line(line);
  }
}

function resourceOf({ resource }: TelemetryConfig): Readonly<Record<string, string | number>> {
  return {
    "service.version": VERSION,
    "service.instance.id": `${hostname()}-${process.pid}`,
    "host.name": hostname(),
    "process.pid": process.pid,
    "process.runtime.name": "nodejs",
    "process.runtime.version": process.versions.node,
    "telemetry.sdk.name": "posthorn",
    "telemetry.sdk.language": "nodejs",
    "telemetry.sdk.version": VERSION,
    ...resource,
  };
}

/** The clock with fractions of a millisecond, which durations of spans need. Follows the clock when it is set. */
function preciseClock(now: () => number): () => number {
  let offset = now() - performance.now();
  return () => {
    const [wall, passed] = [now(), performance.now()];
    if (Math.abs(passed + offset - wall) > 5) offset = wall - passed;
    return passed + offset;
  };
}
