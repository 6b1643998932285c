/** One after another, and nobody waits for long. */
import { StoreError } from "../errors.ts";

export class Turn {
  readonly #patienceMs: number;
  #last: Promise<unknown> = Promise.resolve();

  /** @param patienceMs How long somebody waits for their turn. */
  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /** Runs `work` when those before are done, or not at all: rejects with `storage_unavailable` when that takes too long. */
  async take<T>(work: () => Promise<T>): Promise<T> {
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

  /** Resolves when everybody has had their turn who waited before. */
  async settled(): Promise<void> {
    await this.#last;
  }

  async #wait(before: Promise<unknown>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<never>((_resolve, reject) => {
      const tooLong = (): void =>
        reject(new StoreError("storage_unavailable", "Other changes take too long; nothing was done."));
      timer = setTimeout(tooLong, this.#patienceMs);
    });
    try {
      await Promise.race([before, patience]);
    } finally {
      clearTimeout(timer);
    }
  }
}
