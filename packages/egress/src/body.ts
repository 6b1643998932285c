const EMPTY = Buffer.alloc(0);

/**
 * Collects a body up to a limit in one growing buffer. A list of chunks would cost about a hundred bytes per byte for
 * a peer that sends one-byte chunks.
 */
export class CappedBody {
  readonly #cap: number;
  #buffer: Buffer = EMPTY;
  #size = 0;

  constructor(cap: number) {
    this.#cap = cap;
  }

  /** Copies what fits. Returns false when part of the chunk did not fit. */
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
