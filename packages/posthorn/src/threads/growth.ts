/** Decides when a process needs another thread: when its threads are busy for a while, and the machine has a core left. */
import type { PassingTime } from "../lib/clock.ts";
import type { LoadMeter, MeasuredThread } from "./load.ts";

const SAMPLE_MS = 5000;
/** Samples in a row that show too much load. A thread that has just started gets the same time to take its share. */
const SAMPLES = 4;
/** Share of the time that the busiest thread is busy. From here on, requests wait for each other. */
const BUSY = 0.75;
/** The same for the average of all threads. If others are idle because clients have few connections, another thread would be idle, too. */
const BUSY_ON_AVERAGE = 0.5;
/** With less of a core to spare, another thread would only take CPU time from the others. */
const SPARE_CORES = 0.5;
/** Samples to wait after a thread could not be started. */
const REST_SAMPLES = 120;

export interface GrowthOptions {
  readonly time: Pick<PassingTime, "setTimer">;
  readonly meter: LoadMeter;
  /** The other running threads; `null` while one is still starting. */
  readonly others: () => readonly MeasuredThread[] | null;
  /** Whether the maximum number of threads is reached. */
  readonly isComplete: () => boolean;
  readonly grow: () => void;
}

export class ThreadGrowth implements Disposable {
  readonly #options: GrowthOptions;
  #busySamples = 0;
  #restingSamples = 0;
  #cancelTimer: () => void = () => undefined;

  constructor(options: GrowthOptions) {
    this.#options = options;
    this.#sampleLater();
  }

  /** Starts no threads for a while, because the last one could not be started. */
  rest(): void {
    this.#busySamples = 0;
    this.#restingSamples = REST_SAMPLES;
  }

  [Symbol.dispose](): void {
    this.#cancelTimer();
  }

  #sampleLater(): void {
    this.#cancelTimer = this.#options.time.setTimer(SAMPLE_MS, () => {
      this.#sampleLater();
      this.#sample();
    });
  }

  #sample(): void {
    const { others, isComplete, meter, grow } = this.#options;
    if (this.#restingSamples > 0) return void this.#restingSamples--;
    const running = others();
    if (running === null || isComplete() || !this.#isBusy(meter, running)) {
      this.#busySamples = 0;
      return;
    }
    this.#busySamples++;
    if (this.#busySamples < SAMPLES) return;
    this.#busySamples = 0;
    grow();
  }

  #isBusy(meter: LoadMeter, running: readonly MeasuredThread[]): boolean {
    const { busiest, mean } = meter.threads(running);
    if (busiest < BUSY || mean < BUSY_ON_AVERAGE) return false;
    const spare = meter.spareCores();
    // The first reading of a streak covers the time before it.
    return this.#busySamples === 0 || spare === null || spare >= SPARE_CORES;
  }
}
