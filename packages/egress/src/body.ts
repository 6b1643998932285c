const EMPTY = Buffer.alloc(0);

/**
 * Gathers a body up to a cap in one buffer that grows. A list of chunks would cost a hundred bytes for each byte of a
 * peer that sends chunks of one.
 */
export class CappedBody {
  readonly #cap: number;
  #buffer: Buffer = EMPTY;
  #size = 0;

  constructor(cap: number) {
    this.#cap = cap;
  }

  /** Copies what fits. Returns false when something did not. */
  add(chunk: Uint8Array): boolean {
    const take = Math.min(chunk.length, this.#cap - this.#size);
    const size = this.#size + take;
    if (size > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(
        this.#size === 0 ? size : Math.min(this.#cap, Math.max(size, this.#buffer.length * 2, 256)),
      );
      this.#buffer.copy(grown, 0, 0, this.#size);
      this.#buffer = grown;
    }
    this.#buffer.set(take === chunk.length ? chunk : chunk.subarray(0, take), this.#size);
    this.#size = size;
    return take === chunk.length;
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#size);
  }
}
