export interface DelayedWritesOptions {
  /** Time from the first call to the write. */
  readonly delayMs: number;
  /** Calls back after `ms` milliseconds. The returned function cancels. */
  readonly setTimer: (ms: number, callback: () => void) => () => void;
  /** Writes everything that waits. */
  readonly write: () => Promise<void>;
  /** A write failed. Later ones are still made. */
  readonly onFailure: (error: unknown) => void;
}

/** Writes changes that were collected in memory together, some time after the first one. Never runs two writes at once. */
export class DelayedWrites implements AsyncDisposable {
  readonly #options: DelayedWritesOptions;
  #cancelTimer: (() => void) | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: DelayedWritesOptions) {
    this.#options = options;
  }

  /** Writes after the delay, unless a write is due before. */
  later(): void {
    this.#cancelTimer ??= this.#options.setTimer(this.#options.delayMs, () => void this.now());
  }

  /** Writes as soon as the write that is running has ended. Returns when both have. */
  now(): Promise<void> {
    this.#cancel();
    this.#writing = this.#writing.then(this.#options.write).catch(this.#options.onFailure);
    return this.#writing;
  }

  /** Writes for the last time. What could not be written is not tried again. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.now();
    this.#cancel();
  }

  #cancel(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }
}
