/** Converts telemetry to OTLP requests, as objects in the JSON mapping of OTLP 1.x. */
import type {
  Attributes,
  AttributeValue,
  Batch,
  MetricReading,
  MetricsSnapshot,
  SpanCells,
  ThreadOptions,
} from "./types.ts";

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json | undefined };
export type OtlpRequest = { readonly [name: string]: Json | undefined };

type Described = Pick<ThreadOptions, "resource" | "scope" | "startedAt">;

const ERROR = 2;
const CUMULATIVE = 2;

/** The body of an export request. */
export function otlpRequest(batch: Batch, described: Described): OtlpRequest {
  const { resource, scope } = described;
  const of = { resource: { attributes: Object.entries(resource).map(([key, value]) => attribute(key, value)) } };
  switch (batch.signal) {
    case "traces":
      return { resourceSpans: [{ ...of, scopeSpans: [{ scope: { ...scope }, spans: batch.items.map(spanOf) }] }] };
    case "logs":
      return { resourceLogs: [{ ...of, scopeLogs: [{ scope: { ...scope }, logRecords: batch.items.map(logOf) }] }] };
    case "metrics": {
      const metrics = batch.items.flatMap((snapshot) => metricsOf(snapshot, described));
      return { resourceMetrics: [{ ...of, scopeMetrics: [{ scope: { ...scope }, metrics }] }] };
    }
  }
}

/** Nanoseconds as text, because they do not fit into a double. */
function nanos(ms: number): string {
  const whole = Math.floor(ms);
  return `${whole}${String(Math.floor((ms - whole) * 1_000_000)).padStart(6, "0")}`;
}

function valueOf(value: AttributeValue): Json {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

function attribute(key: string, value: AttributeValue): Json {
  return { key, value: valueOf(value) };
}

function attributesOf(cells: Attributes): Json[] {
  const attributes: Json[] = [];
  for (let at = 0; at + 1 < cells.length; at += 2) attributes.push(attribute(String(cells[at]), cells[at + 1]!));
  return attributes;
}

function spanOf(cells: SpanCells): Json {
  const [traceId, spanId, parentSpanId, traceState, name, kind, start, end, error, attributes, link] = cells;
  return {
    traceId,
    spanId,
    ...(traceState === "" ? {} : { traceState }),
    ...(parentSpanId === "" ? {} : { parentSpanId }),
    name,
    kind,
    startTimeUnixNano: nanos(start),
    endTimeUnixNano: nanos(Math.max(start, end)),
    attributes: attributesOf(attributes),
    ...(link === null ? {} : { links: [linkOf(link)] }),
    ...(error === null ? {} : { status: { code: ERROR, message: error } }),
  };
}

function linkOf([traceId, spanId, traceState]: NonNullable<SpanCells[10]>): Json {
  return { traceId, spanId, ...(traceState === "" ? {} : { traceState }) };
}

/** Severity numbers of OTLP by the levels of pino. */
const SEVERITIES: Readonly<Record<number, readonly [number, string]>> = {
  10: [1, "TRACE"],
  20: [5, "DEBUG"],
  30: [9, "INFO"],
  40: [13, "WARN"],
  50: [17, "ERROR"],
  60: [21, "FATAL"],
};

/** Parsed in this thread, so that the main thread only passes on the text. */
function logOf(line: string): Json {
  const { level, time, msg, trace_id: traceId, span_id: spanId, err, ...rest } = JSON.parse(line) as LogLine;
  const [severityNumber, severityText] = SEVERITIES[level] ?? [0, ""];
  const attributes = Object.entries(rest).map(([key, value]) =>
    attribute(key, isScalar(value) ? value : JSON.stringify(value)),
  );
  if (err !== undefined) attributes.push(...exceptionOf(err));
  return {
    timeUnixNano: nanos(time),
    observedTimeUnixNano: nanos(time),
    severityNumber,
    severityText,
    body: { stringValue: msg ?? "" },
    attributes,
    ...(traceId === undefined ? {} : { traceId, flags: 1 }),
    ...(spanId === undefined ? {} : { spanId }),
  };
}

interface LogLine {
  readonly level: number;
  readonly time: number;
  readonly msg?: string;
  readonly trace_id?: string;
  readonly span_id?: string;
  readonly err?: { readonly type?: string; readonly message?: string; readonly stack?: string };
  readonly [name: string]: unknown;
}

function exceptionOf({ type, message, stack }: NonNullable<LogLine["err"]>): Json[] {
  const named = { "exception.type": type, "exception.message": message, "exception.stacktrace": stack };
  return Object.entries(named).flatMap(([key, value]) => (value === undefined ? [] : [attribute(key, value)]));
}

function isScalar(value: unknown): value is AttributeValue {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

/** Metrics keep their Prometheus names, so that dashboards and alerts work with either way of collection. */
function metricsOf({ at, metrics }: MetricsSnapshot, { startedAt }: Described): Json[] {
  const times = { startTimeUnixNano: nanos(startedAt), timeUnixNano: nanos(at) };
  return metrics.flatMap((metric): Json[] => {
    const { name, help: description, type, values } = metric;
    if (values.length === 0) return [];
    if (type === "histogram") {
      const dataPoints = histogramPoints(metric, times);
      return [{ name, description, histogram: { aggregationTemporality: CUMULATIVE, dataPoints } }];
    }
    if (type !== "counter" && type !== "gauge") return [];
    const dataPoints = values
      .filter(({ value }) => Number.isFinite(value))
      .map(({ value, labels }): Json => ({ ...times, asDouble: value, attributes: labelsOf(labels) }));
    // A value such as NaN cannot be a point, and a metric without points is invalid.
    if (dataPoints.length === 0) return [];
    if (type === "gauge") return [{ name, description, gauge: { dataPoints } }];
    const sum = { aggregationTemporality: CUMULATIVE, isMonotonic: true, dataPoints };
    return [{ name, description, sum }];
  });
}

function labelsOf(labels: Readonly<Record<string, string | number>>): Json[] {
  return Object.entries(labels).map(([key, value]) => attribute(key, String(value)));
}

interface Histogram {
  readonly labels: Readonly<Record<string, string | number>>;
  /** Upper bound and cumulative count of each bucket but the last. */
  readonly buckets: [bound: number, count: number][];
  count: number;
  sum: number;
}

function histogramPoints(
  { name, values }: MetricReading,
  times: { readonly startTimeUnixNano: string; readonly timeUnixNano: string },
): Json[] {
  const points = new Map<string, Histogram>();
  for (const { value, labels, metricName } of values) {
    const { le, ...others } = labels;
    const key = JSON.stringify(others);
    const point = points.get(key) ?? { labels: others, buckets: [], count: 0, sum: 0 };
    points.set(key, point);
    if (metricName === `${name}_sum`) point.sum = value;
    else if (metricName === `${name}_count`) point.count = value;
    else if (le !== "+Inf") point.buckets.push([Number(le), value]);
  }
  return [...points.values()].map(({ labels, buckets, count, sum }): Json => {
    buckets.sort(([one], [other]) => one - other);
    const counts = buckets.map(([, upTo], index) => upTo - (buckets[index - 1]?.[1] ?? 0));
    counts.push(count - (buckets.at(-1)?.[1] ?? 0));
    return {
      ...times,
      count: String(count),
      sum,
      bucketCounts: counts.map(String),
      explicitBounds: buckets.map(([bound]) => bound),
      attributes: labelsOf(labels),
    };
  });
}
