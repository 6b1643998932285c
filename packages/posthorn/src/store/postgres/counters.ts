import type { StoreCounters } from "../store.ts";

/** Counts the group commits of a store. */
export class Counters implements StoreCounters {
  commits = 0;
  commitMs = 0;
  accepts = 0;
  records = 0;
  readonly #waitingBytes: () => number;

  constructor(waitingBytes: () => number) {
    this.#waitingBytes = waitingBytes;
  }

  get waitingBytes(): number {
    return this.#waitingBytes();
  }

  /** Runs a commit of this many entries and counts it. */
  async timing<T>(kind: "accepts" | "records", entries: number, commit: () => Promise<T>): Promise<T> {
    const from = performance.now();
    try {
      return await commit();
    } finally {
      this.commits++;
      this.commitMs += performance.now() - from;
      this[kind] += entries;
    }
  }
}
