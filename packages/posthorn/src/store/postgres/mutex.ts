import { StoreError } from "../errors.ts";

/** Mutex with a timeout: work runs in the order of the calls, one piece at a time. */
export class Mutex {
  readonly #timeoutMs: number;
  #last: Promise<unknown> = Promise.resolve();

  /** @param timeoutMs How long a caller waits for the work before it. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Runs `work` exclusively. Rejects with `storage_unavailable`, without running it, when the wait exceeds the timeout.
   */
  async runExclusive<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#last;
    const { promise: done, resolve: leave } = Promise.withResolvers<void>();
    this.#last = before.then(() => done);
    try {
      await this.#wait(before);
      return await work();
    } finally {
      leave();
    }
  }

  /** Resolves when all work that was queued before the call has ended. */
  async settled(): Promise<void> {
    await this.#last;
  }

  async #wait(before: Promise<unknown>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      const tooLong = (): void =>
        reject(
          new StoreError("storage_unavailable", "Other changes take too long. Nothing was written; try again later."),
        );
      timer = setTimeout(tooLong, this.#timeoutMs);
    });
    try {
      await Promise.race([before, timeout]);
    } finally {
      clearTimeout(timer);
    }
  }
}
