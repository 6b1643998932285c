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

  /** Copies what fits of the bytes from `from` to `to`. Returns false when part of them did not fit. */
  add(chunk: Buffer, from: number, to: number): boolean {
    const take = Math.min(to - from, this.#cap - this.#size);
    const size = this.#size + take;
    if (size > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(
        this.#size === 0 ? size : Math.min(this.#cap, Math.max(size, this.#buffer.length * 2, 256)),
      );
      this.#buffer.copy(grown, 0, 0, this.#size);
      this.#buffer = grown;
    }
    chunk.copy(this.#buffer, this.#size, from, from + take);
    this.#size = size;
    return take === to - from;
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#size);
  }
}
