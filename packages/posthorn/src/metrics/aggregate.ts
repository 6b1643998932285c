/** Combines the metrics of the threads of a process. */
import { AggregatorRegistry, type Registry } from "prom-client";
import type { MetricReading } from "../telemetry/types.ts";

/** The other threads of a process, whose metrics the main thread adds to its own. */
export interface ThreadMetrics {
  /** The metrics of each. */
  metrics(): Promise<readonly (readonly MetricReading[])[]>;
  /** Number of running threads. */
  readonly running: number;
  /** Number of threads that should be running, but do not respond or are not running. */
  readonly unavailable: number;
  /** How often a thread was restarted. */
  readonly restarts: number;
}

/** A reading with the name of the function that combines its values. */
interface AggregatedReading extends MetricReading {
  readonly aggregator?: string;
}

/** The metrics of a registry with their values. */
export async function readingsOf(registry: Registry): Promise<readonly MetricReading[]> {
  // The declared types of prom-client have numbers where it returns words.
  return (await registry.getMetricsAsJSON()) as unknown as readonly MetricReading[];
}

/**
 * Adds the metrics of other threads to those of the main thread. Metrics of the whole process, such as its CPU time, are taken from the main
 * thread, because every thread reads the same values.
 */
export function aggregate(own: readonly MetricReading[], others: readonly (readonly MetricReading[])[]): Registry {
  const main = own.map((metric) => (isProcessMetric(metric) ? { ...metric, aggregator: "first" } : ofThread(metric)));
  const added = others.map((metrics) => metrics.filter((metric) => !isProcessMetric(metric)));
  return AggregatorRegistry.aggregate([main, ...added]);
}

/** Counters only, without current values: a thread that has ended keeps its part of the totals, which never decrease. */
export function countersOf(metrics: readonly MetricReading[]): readonly MetricReading[] {
  return metrics.filter(({ type }) => type === "counter" || type === "histogram");
}

function isProcessMetric({ name }: MetricReading): boolean {
  return name.startsWith("process_") || name === "nodejs_version_info";
}

/** The average lag of the event loops would hide one that hangs. */
function ofThread(metric: AggregatedReading): AggregatedReading {
  return metric.aggregator === "average" ? { ...metric, aggregator: "max" } : metric;
}
