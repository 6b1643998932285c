/** Reads the metrics of the threads beside the main one, and keeps the totals of those that have ended. */
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "../lib/log.ts";
import type { MetricReading } from "../telemetry/types.ts";
import type { FromThread, ToThread } from "./protocol.ts";

/** How long a thread may take to report its metrics before the last ones are reused. */
const METRICS_MS = 1000;

/** A thread that counts. */
export interface CountingThread {
  /** Settles when it has ended. */
  readonly ended: PromiseWithResolvers<void>;
  /** Metrics from the last successful read. */
  metrics: readonly MetricReading[];
  /** Called with each message. */
  readonly listeners: Set<(message: FromThread) => void>;
  post(message: ToThread): void;
}

export class PoolMetrics {
  readonly #log: Logger;
  /** Totals of the threads that have ended. */
  #ended: readonly MetricReading[] = [];
  #adding: Promise<void> = Promise.resolve();
  #lastId = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** @param running Called once the totals are complete. */
  async read(running: () => readonly CountingThread[]): Promise<readonly (readonly MetricReading[])[]> {
    // Threads that have already ended are part of the totals; a thread that ends from now on is still read as a thread.
    for (let adding = null; adding !== this.#adding; await adding) adding = this.#adding;
    const [threads, ended] = [running(), this.#ended];
    await Promise.all(threads.map((thread) => this.#readOf(thread)));
    return [...threads.map(({ metrics }) => metrics), ended].filter(({ length }) => length > 0);
  }

  /** Counters that restart from 0 would look like many new events to a consumer that sums them up. */
  keepTotals({ metrics }: CountingThread): void {
    if (metrics.length === 0) return;
    // Added one at a time, so that none overwrites the sum of another.
    this.#adding = this.#adding
      .then(() => this.#add(metrics))
      .catch((err: unknown) => {
        this.#log.error({ err }, "the metrics of a thread that has ended could not be added to the totals");
      });
  }

  async #add(metrics: readonly MetricReading[]): Promise<void> {
    const { aggregate, countersOf, readingsOf } = await import("../metrics/aggregate.ts");
    this.#ended = await readingsOf(aggregate(this.#ended, [countersOf(metrics)]));
  }

  /** Keeps the last metrics if the thread does not respond in time. */
  async #readOf(thread: CountingThread): Promise<void> {
    const id = ++this.#lastId;
    const read = Promise.withResolvers<void>();
    const listener = (message: FromThread): void => {
      if (message.op !== "metrics" || message.id !== id) return;
      thread.metrics = message.metrics;
      read.resolve();
    };
    thread.listeners.add(listener);
    thread.post({ op: "metrics", id });
    await Promise.race([read.promise, thread.ended.promise, delay(METRICS_MS, undefined, { ref: false })]);
    thread.listeners.delete(listener);
  }
}
