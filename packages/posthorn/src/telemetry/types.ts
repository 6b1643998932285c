/** Data that the main thread passes to the telemetry thread. Arrays instead of objects, because they are cheaper to copy between threads. */
import type { SignalExport } from "../config/telemetry.ts";

export type AttributeValue = string | number | boolean;

/** Names and values in turn. */
export type Attributes = readonly (string | AttributeValue)[];

export const SPAN_KIND = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const;

export type SpanCells = readonly [
  traceId: string,
  spanId: string,
  /** Empty: it has no parent. */
  parentSpanId: string,
  state: string,
  name: string,
  kind: (typeof SPAN_KIND)[keyof typeof SPAN_KIND],
  /** Unix milliseconds, with fractions. */
  start: number,
  end: number,
  /** Sentence of an error; `null`: it succeeded. */
  error: string | null,
  attributes: Attributes,
  /** Context of the span that it is linked to; `null`: none. */
  link: readonly [traceId: string, spanId: string, state: string] | null,
];

/** A metric as prom-client reads it. */
export interface MetricReading {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly values: readonly {
    readonly value: number;
    readonly labels: Readonly<Record<string, string | number>>;
    /** Name with the suffix of a histogram's part. */
    readonly metricName?: string;
  }[];
}

export interface MetricsSnapshot {
  /** Unix milliseconds. */
  readonly at: number;
  readonly metrics: readonly MetricReading[];
}

export type SignalName = "traces" | "metrics" | "logs";

/** Lines are log entries as pino writes them. */
export type Batch =
  | { readonly signal: "traces"; readonly items: readonly SpanCells[] }
  | { readonly signal: "metrics"; readonly items: readonly MetricsSnapshot[] }
  | { readonly signal: "logs"; readonly items: readonly string[] };

export type ToThread = Batch | { readonly signal: "end"; readonly withinMs: number };

/** `exported` and `dropped` items of a signal. `error`: why they were dropped. */
export interface Progress {
  readonly kind: "progress";
  readonly signal: SignalName;
  readonly exported: number;
  readonly dropped: number;
  readonly error: string | null;
}

export type FromThread = Progress | { readonly kind: "ended" };

export interface ThreadOptions {
  readonly exports: Readonly<Partial<Record<SignalName, SignalExport>>>;
  readonly resource: Readonly<Record<string, AttributeValue>>;
  readonly scope: { readonly name: string; readonly version: string };
  readonly batchSize: number;
  /** When the process started, Unix milliseconds. */
  readonly startedAt: number;
}
