/** Limits the bytes in memory. Requests are served in order. */
export class ByteBudget {
  readonly #limit: number;
  readonly #waiting: { readonly bytes: number; readonly start: () => void }[] = [];
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Resolves once the bytes are available. A request that exceeds the limit is served when no other bytes are in use.
   * Dispose the result to release them.
   */
  async take(bytes: number): Promise<Disposable> {
    if (this.#waiting.length > 0 || !this.#has(bytes)) {
      await new Promise<void>((resolve) => this.#waiting.push({ bytes, start: resolve }));
    } else {
      this.#used += bytes;
    }
    return { [Symbol.dispose]: () => this.#giveBack(bytes) };
  }

  #has(bytes: number): boolean {
    return this.#used === 0 || this.#used + bytes <= this.#limit;
  }

  #giveBack(bytes: number): void {
    this.#used -= bytes;
    while (this.#waiting.length > 0 && this.#has(this.#waiting[0]!.bytes)) {
      const next = this.#waiting.shift()!;
      this.#used += next.bytes;
      next.start();
    }
  }
}
