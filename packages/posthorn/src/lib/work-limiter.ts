/** Runs a bounded number of expensive calls at once, and lets a bounded number of others wait. */
export class WorkLimiter {
  readonly #concurrency: number;
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor({ concurrency, maxWaiting }: { readonly concurrency: number; readonly maxWaiting: number }) {
    this.#concurrency = concurrency;
    this.#maxWaiting = maxWaiting;
  }

  /** Calls in progress. */
  get running(): number {
    return this.#running;
  }

  /** Runs `work` when it is its turn. Returns `null` at once, without running it, if too many calls wait already. */
  run<T>(work: () => Promise<T>): Promise<T> | null {
    if (this.#running < this.#concurrency) return this.#start(work);
    if (this.#waiting.length >= this.#maxWaiting) return null;
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => void this.#start(work).then(resolve, reject));
    });
  }

  async #start<T>(work: () => Promise<T>): Promise<T> {
    this.#running++;
    try {
      return await work();
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }
}
