/** A few numbers in shared memory, from which the threads of a process know the state of the database without asking the writer thread. */
import { NewestKey } from "../../immediate.ts";

/** Number of the last batch that was left in the commit journal. */
const LAST = 0;
/** Number of the last batch that readers see. */
const SETTLED = 1;
/** Place of the newest key among words of twice the size. */
const NEWEST = 1;
const BYTES = 16;

export class SharedWords {
  readonly memory: SharedArrayBuffer;
  readonly #batches: Int32Array;
  readonly #keys: BigInt64Array;

  /** @param memory Memory of the words in another thread; by default they are new. */
  constructor(memory = new SharedArrayBuffer(BYTES)) {
    this.memory = memory;
    this.#batches = new Int32Array(memory, 0, 2);
    this.#keys = new BigInt64Array(memory);
  }

  /** Notes, before anyone learns of it, that a batch is on disk but not visible to readers. Called by the writer thread. */
  opened(): void {
    Atomics.add(this.#batches, LAST, 1);
  }

  /** Notes that readers see every batch. Called by the writer thread. */
  settled(): void {
    Atomics.store(this.#batches, SETTLED, Atomics.load(this.#batches, LAST));
  }

  /** Number of the last batch that readers do not see; `null`: they see all that were confirmed to any thread. */
  get hidden(): number | null {
    const last = Atomics.load(this.#batches, LAST);
    return last === Atomics.load(this.#batches, SETTLED) ? null : last;
  }

  /** The greatest key that any thread has noted. */
  get newestKey(): number {
    return Number(Atomics.load(this.#keys, NEWEST));
  }

  noteKey(key: bigint): void {
    let known = Atomics.load(this.#keys, NEWEST);
    while (known < key) {
      const found = Atomics.compareExchange(this.#keys, NEWEST, known, key);
      if (found === known) return;
      known = found;
    }
  }
}

/** The newest key that any thread has seen. */
export class SharedNewestKey extends NewestKey {
  readonly #words: SharedWords;

  constructor(words: SharedWords) {
    super();
    this.#words = words;
  }

  override note(key: number): void {
    this.#words.noteKey(BigInt(key));
  }

  override get key(): number {
    return this.#words.newestKey;
  }
}
