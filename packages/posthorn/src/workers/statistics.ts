/** Updates the statistics in the background, and on demand when they are read. */
import type { Clock } from "../dispatch/types.ts";
import type { Services } from "../domain/context.ts";
import type { DispatchLoad, StatisticsSource } from "../domain/ports.ts";
import { rollUp, type SettledKeys } from "../domain/stats/roll-up.ts";
import type { Worker } from "./worker.ts";

export interface StatisticsOptions {
  /** Called at each run, because the services do not exist yet when the worker is constructed. */
  readonly services: () => Services;
  readonly clock: Clock;
  readonly settled: () => Promise<SettledKeys>;
  /** Whether this node updates the statistics in the background for the cluster. Reads trigger an update on any node. */
  readonly leads: () => boolean;
  readonly load: () => DispatchLoad;
  readonly onFailure: (error: unknown) => void;
}

const INTERVAL_MS = 10_000;
/** How long a read waits for new rows to be counted. */
const LOOK_WAIT_MS = 300;
/** A read within this time after an update uses its result. */
const FRESH_MS = 1000;

export class Statistics implements StatisticsSource, Worker {
  readonly name = "statistics";
  readonly #options: StatisticsOptions;
  readonly #abort = new AbortController();
  #running: Promise<void> | null = null;
  #ranAt = Number.NEGATIVE_INFINITY;
  #cancelTimer: () => void = () => undefined;

  constructor(options: StatisticsOptions) {
    this.#options = options;
  }

  started(): void {
    this.#later();
  }

  load(): DispatchLoad {
    return this.#options.load();
  }

  async refresh(): Promise<void> {
    const { clock } = this.#options;
    const since = clock.now() - this.#ranAt;
    if (this.#running === null && since >= 0 && since < FRESH_MS) return;
    const { promise: waited, resolve: endWait } = Promise.withResolvers<void>();
    const cancel = clock.setTimer(LOOK_WAIT_MS, endWait);
    await Promise.race([this.#run(), waited]);
    cancel();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    this.#cancelTimer();
    await this.#running;
  }

  #later(): void {
    const { clock, leads } = this.#options;
    const run = (): Promise<void> => (leads() ? this.#run() : Promise.resolve());
    this.#cancelTimer = clock.setTimer(INTERVAL_MS, () => void run().then(() => this.#next()));
  }

  #next(): void {
    if (!this.#abort.signal.aborted) this.#later();
  }

  #run(): Promise<void> {
    if (this.#abort.signal.aborted) return Promise.resolve();
    return (this.#running ??= this.#count().finally(() => (this.#running = null)));
  }

  async #count(): Promise<void> {
    const { services, settled, clock, onFailure } = this.#options;
    try {
      await rollUp(services(), await settled(), this.#abort.signal);
      this.#ranAt = clock.now();
    } catch (error) {
      onFailure(error);
    }
  }
}
