import { WorkLimiter } from "./work-limiter.ts";

/** A work limiter for each key, such as an organisation. Limiters exist only while they have calls. */
export class KeyedWorkLimiter {
  readonly #options: ConstructorParameters<typeof WorkLimiter>[0];
  readonly #limiters = new Map<string, WorkLimiter>();

  constructor(options: ConstructorParameters<typeof WorkLimiter>[0]) {
    this.#options = options;
  }

  /** Keys with calls in progress. */
  get size(): number {
    return this.#limiters.size;
  }

  /** Runs `work` when it is its turn among the calls with this key. Returns `null` at once if too many of them wait already. */
  run<T>(key: string, work: () => Promise<T>): Promise<T> | null {
    const limiter = this.#limiters.get(key) ?? new WorkLimiter(this.#options);
    this.#limiters.set(key, limiter);
    return limiter.run(work)?.finally(() => limiter.running === 0 && this.#limiters.delete(key)) ?? null;
  }
}
