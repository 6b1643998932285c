/** Smaller chunks are copied together: each view of a buffer takes about 200 bytes of memory, however short it is. */
const SMALL_BYTES = 1024;
const MAX_BLOCK_BYTES = 16_384;
const EMPTY = Buffer.alloc(0);

/** Collects the chunks of a body, in memory proportional to its bytes, however small the chunks are. */
export class ByteCollector {
  #chunks: Buffer[] = [];
  /** Buffer that small chunks are copied into, and the bytes in it that are not among the chunks yet. */
  #block = EMPTY;
  #start = 0;
  #end = 0;

  add(chunk: Buffer): void {
    // The first one is often the only one.
    if (chunk.byteLength >= SMALL_BYTES || this.#chunks.length === 0) {
      this.#flush();
      this.#chunks.push(chunk);
      return;
    }
    if (this.#end + chunk.byteLength > this.#block.byteLength) {
      this.#flush();
      this.#block = Buffer.allocUnsafeSlow(
        Math.min(MAX_BLOCK_BYTES, Math.max(SMALL_BYTES, this.#block.byteLength * 2)),
      );
      this.#start = 0;
      this.#end = 0;
    }
    this.#end += chunk.copy(this.#block, this.#end);
  }

  /** The chunks in a row. A single chunk is not copied. */
  bytes(): Buffer {
    this.#flush();
    return this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
  }

  /** Frees the memory. */
  clear(): void {
    this.#chunks = [];
    this.#block = EMPTY;
    this.#start = 0;
    this.#end = 0;
  }

  #flush(): void {
    if (this.#end > this.#start) this.#chunks.push(this.#block.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }
}
