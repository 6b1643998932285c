/** Group commit over a network: entries that arrive while commits are in progress form the next batch. Pages are read in batches too. */
import { StoreError } from "../errors.ts";
import { isUnavailable, toStoreError } from "./errors.ts";

export interface BatcherOptions<Entry, Result> {
  /** Writes all entries in one transaction and returns the result of each, or rejects and has written none. */
  readonly commit: (entries: readonly Entry[]) => Promise<readonly Result[]>;
  /** Names of an entry. Two entries with a common name are never in the same commit, nor in concurrent commits. */
  readonly namesOf: (entry: Entry) => readonly string[];
  readonly bytesOf: (entry: Entry) => number;
  /** Commits in progress at once; 2 by default: one is on the wire while the other is on the disk. */
  readonly parallel?: number;
  /** Whether an entry needs a separate commit. */
  readonly isAlone?: (entry: Entry) => boolean;
  /** Whether entries are refused or kept while the database is unavailable. */
  readonly whenUnavailable: "refuse" | "keep";
  /** Whether an entry may be committed some milliseconds later, together with others; absent: none may. */
  readonly mayWait?: (entry: Entry) => boolean;
  /** Called when the outcome of a commit is unknown because its connection broke, after its entries were refused. */
  readonly onUnknownCommit?: () => void;
  /** Called after each commit, before its callers continue. */
  readonly onCommit?: (entries: readonly Entry[], results: readonly Result[]) => void;
}

/** Entries that are committed in order: one commit at a time, and none after an entry that failed because of the database. */
export interface Series {
  /** The error of the database, once an entry has failed. */
  failure: StoreError | null;
}

/** Entries that another batcher commits together with its own. */
export interface TakenEntries<Entry, Result> {
  readonly entries: readonly Entry[];
  /** Call with the result of each entry when the commit has ended, or with its error if none was written. */
  committed(results: readonly Result[]): void;
  failed(error: unknown): void;
}

interface Waiting<Entry, Result> {
  readonly entry: Entry;
  readonly series: Series | null;
  readonly names: readonly string[];
  readonly bytes: number;
  readonly place: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

const PARALLEL = 2;
const MAX_BATCH_ENTRIES = 1000;
const MAX_BATCH_BYTES = 8 * 1024 * 1024;
/** Bounds of the queue. Entries beyond them are refused, so that memory stays bounded. */
const MAX_WAITING_BYTES = 256 * 1024 * 1024;
const MAX_WAITING_ENTRIES = 100_000;
/** Under load a commit waits this long for more entries. */
const GATHER_MS = 2;
/** Size of the last batch that counts as load. */
const GATHER_FROM = 16;
/** How long entries that may wait do so for others. */
const WAIT_MS = 20;
/** This many entries are committed without waiting. With 64, commits under full load took a tenth more of the database's CPU time. */
const MAX_WAITING = 256;
/** First and longest pause after the database became unavailable. Up to half is subtracted at random. */
const PAUSE_MS = 100;
const MAX_PAUSE_MS = 2000;

/** Queue that commits entries in batches. */
export class Batcher<Entry, Result> {
  readonly #options: BatcherOptions<Entry, Result>;
  #waiting: Waiting<Entry, Result>[] = [];
  #waitingBytes = 0;
  readonly #inProgress = new Set<readonly Waiting<Entry, Result>[]>();
  readonly #busyNames = new Set<string>();
  /** Series with a commit in progress. */
  readonly #busySeries = new Set<Series>();
  #places = 0;
  #gathering = false;
  /** The timer of entries that wait for others; `null`: none do. */
  #waitTimer: NodeJS.Timeout | null = null;
  /** When that timer was started. */
  #waitingSince = 0;
  #lastBatch = 0;
  #pause = 0;
  #pausedUntil: NodeJS.Timeout | null = null;
  #closed = false;
  /** Resolved when a commit has ended, with or without success. */
  #ended = Promise.withResolvers<void>();

  constructor(options: BatcherOptions<Entry, Result>) {
    this.#options = options;
  }

  /** Bytes of queued entries. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** @param series The entries that this one is committed in order with; `null`: none. */
  push(entry: Entry, series: Series | null = null): Promise<Result> {
    const refusal = this.#refusal();
    if (refusal !== null) return Promise.reject(refusal);
    const names = this.#options.namesOf(entry);
    const bytes = this.#options.bytesOf(entry);
    this.#waitingBytes += bytes;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, series, names, bytes, place: this.#places++, resolve, reject });
      const mayWait = this.#options.mayWait?.(entry) === true && this.#waiting.length < MAX_WAITING;
      if (!mayWait) this.#gather();
      else if (!this.#gathering && this.#waitTimer === null) this.#beginWait();
    });
  }

  /**
   * Takes the entries that wait for others, for a commit that includes them. If it fails although the database is available, they are
   * committed on their own. Nothing is taken as long as a later commit of the caller can take more.
   *
   * @param nextMs Time until that commit, as far as the caller knows.
   * @param mayTake Whether the commit can include an entry. Nothing is taken if it cannot include all.
   * @returns `null` if nothing is taken.
   */
  takeWaiting(nextMs: number, mayTake: (entries: readonly Entry[]) => boolean): TakenEntries<Entry, Result> | null {
    if (this.#waitTimer === null || !this.#mayCommit) return null;
    if (performance.now() + nextMs < this.#waitingSince + WAIT_MS) return null;
    if (!mayTake(this.#waiting.map(({ entry }) => entry))) return null;
    this.#endWait();
    const batch = this.#take();
    const { promise, resolve, reject } = Promise.withResolvers<readonly Result[]>();
    if (batch.length === 0) return null;
    void this.#run(batch, () => promise);
    return { entries: batch.map(({ entry }) => entry), committed: resolve, failed: reject };
  }

  /** Entries that are not on disk yet. */
  *unsettled(): Generator<Entry> {
    for (const batch of this.#inProgress) for (const { entry } of batch) yield entry;
    for (const { entry } of this.#waiting) yield entry;
  }

  /** Resolves when every entry pushed before the call is settled. Rejects while the database is unavailable. */
  async settled(): Promise<void> {
    const upTo = this.#places;
    if (this.#waitTimer !== null) this.#gather();
    while (this.#hasBefore(upTo)) {
      if (this.#pausedUntil !== null) throw this.#unavailableError();
      await this.#ended.promise;
    }
  }

  /** Commits the entries that wait for others; `null`: none do. */
  commitWaiting(): Promise<void> | null {
    return this.#waitTimer === null ? null : this.settled();
  }

  /** Continues at once because the database is available again. */
  resume(): void {
    if (this.#pausedUntil === null) return;
    clearTimeout(this.#pausedUntil);
    this.#pausedUntil = null;
    this.#gather();
  }

  /** Waits for all entries. Those kept for an unavailable database are rejected. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.settled().catch(() => undefined);
    if (this.#pausedUntil !== null) clearTimeout(this.#pausedUntil);
    for (const { reject } of this.#waiting.splice(0)) reject(this.#unavailableError());
  }

  #refusal(): StoreError | null {
    if (this.#pausedUntil !== null && this.#options.whenUnavailable === "refuse") return this.#unavailableError();
    if (this.#waitingBytes <= MAX_WAITING_BYTES && this.#waiting.length < MAX_WAITING_ENTRIES) return null;
    return new StoreError("storage_failed", "The database cannot keep up with the load. Try again later.");
  }

  #unavailableError(): StoreError {
    return new StoreError("storage_unavailable", "PostgreSQL does not respond; trying again.");
  }

  #hasBefore(place: number): boolean {
    if (this.#waiting.length > 0 && this.#waiting[0]!.place < place) return true;
    for (const batch of this.#inProgress) if (batch[0]!.place < place) return true;
    return false;
  }

  #gather(): void {
    this.#endWait();
    if (!this.#mayCommit) return;
    this.#gathering = true;
    const go = (): void => {
      this.#gathering = false;
      const batch = this.#take();
      if (batch.length > 0) void this.#run(batch);
    };
    if (this.#lastBatch >= GATHER_FROM) setTimeout(go, GATHER_MS);
    else setImmediate(go);
  }

  /** Takes the next batch in order. Entries that share a name with one in it or in progress stay for a later batch. */
  #take(): Waiting<Entry, Result>[] {
    const batch: Waiting<Entry, Result>[] = [];
    const left: Waiting<Entry, Result>[] = [];
    const passed = new Set<string>();
    const passedSeries = new Set(this.#busySeries);
    let bytes = 0;
    let index = 0;
    for (; index < this.#waiting.length && batch.length < MAX_BATCH_ENTRIES && bytes < MAX_BATCH_BYTES; index++) {
      const next = this.#waiting[index]!;
      // An entry that was skipped stays ahead of later ones with its name.
      const isHeldUp = next.series !== null && passedSeries.has(next.series);
      if (isHeldUp || next.names.some((name) => this.#busyNames.has(name) || passed.has(name))) {
        for (const name of next.names) passed.add(name);
        if (next.series !== null) passedSeries.add(next.series);
        left.push(next);
        continue;
      }
      const alone = this.#options.isAlone?.(next.entry) === true;
      if (alone && batch.length > 0) break;
      for (const name of next.names) this.#busyNames.add(name);
      bytes += next.bytes;
      batch.push(next);
      if (!alone) continue;
      index++;
      break;
    }
    this.#waiting = left.length === 0 ? this.#waiting.slice(index) : [...left, ...this.#waiting.slice(index)];
    this.#waitingBytes -= bytes;
    for (const { series } of batch) if (series !== null) this.#busySeries.add(series);
    return batch;
  }

  async #run(batch: Waiting<Entry, Result>[], commit = this.#options.commit): Promise<void> {
    this.#inProgress.add(batch);
    this.#lastBatch = batch.length;
    if (this.#hasUrgent) this.#gather();
    try {
      await this.#settle(batch, commit);
      this.#pause = 0;
    } catch (error) {
      this.#rejectUnavailable(batch, error);
    }
    this.#inProgress.delete(batch);
    for (const { names, series } of batch) {
      for (const name of names) this.#busyNames.delete(name);
      if (series !== null) this.#busySeries.delete(series);
    }
    this.#refuseFailed();
    const ended = this.#ended;
    this.#ended = Promise.withResolvers();
    ended.resolve();
    if (this.#hasUrgent) this.#gather();
  }

  /** Whether the next commit may begin. */
  get #mayCommit(): boolean {
    const parallel = this.#options.parallel ?? PARALLEL;
    return !this.#gathering && this.#pausedUntil === null && this.#inProgress.size < parallel;
  }

  /** Whether entries are queued that do not wait for others. */
  get #hasUrgent(): boolean {
    return this.#waiting.length > 0 && this.#waitTimer === null;
  }

  #beginWait(): void {
    this.#waitingSince = performance.now();
    this.#waitTimer = setTimeout(() => this.#gather(), WAIT_MS);
  }

  #endWait(): void {
    if (this.#waitTimer !== null) clearTimeout(this.#waitTimer);
    this.#waitTimer = null;
  }

  /** Commits a batch. If an entry is invalid, commits each one separately, so that the others succeed. Rejects when the database is unavailable. */
  async #settle(batch: readonly Waiting<Entry, Result>[], commit = this.#options.commit): Promise<void> {
    const [first] = batch;
    if (batch.length === 1 && isFailed(first!.series)) return first!.reject(first!.series!.failure!);
    try {
      const entries = batch.map(({ entry }) => entry);
      const results = await commit(entries);
      this.#options.onCommit?.(entries, results);
      batch.forEach(({ resolve }, index) => resolve(results[index]!));
    } catch (error) {
      if (isUnavailable(error)) throw error;
      // The fault may lie with the entries of the other batcher.
      if (commit !== this.#options.commit) await this.#settle(batch);
      else if (batch.length === 1) rejectWith(batch[0]!, toStoreError(error));
      else for (const waiting of batch) await this.#settle([waiting]);
    }
  }

  /** Refuses queued entries of series in which an entry has failed. */
  #refuseFailed(): void {
    if (!this.#waiting.some(({ series }) => isFailed(series))) return;
    const refused = this.#waiting.filter(({ series }) => isFailed(series));
    this.#waiting = this.#waiting.filter(({ series }) => !isFailed(series));
    for (const { bytes, reject, series } of refused) {
      this.#waitingBytes -= bytes;
      reject(series!.failure!);
    }
  }

  /** Pauses, for longer each time, because the database is unavailable. Settled entries are not affected. */
  #rejectUnavailable(batch: Waiting<Entry, Result>[], error: unknown): void {
    if (this.#options.whenUnavailable === "keep" && !this.#closed) {
      this.#waiting = [...batch, ...this.#waiting].sort((a, b) => a.place - b.place);
      for (const { bytes } of batch) this.#waitingBytes += bytes;
    } else {
      for (const waiting of [...batch, ...this.#waiting.splice(0)]) rejectWith(waiting, toStoreError(error));
      this.#waitingBytes = 0;
      // A StoreError means that nothing was sent.
      if (!(error instanceof StoreError)) this.#options.onUnknownCommit?.();
    }
    if (this.#pausedUntil !== null || this.#closed) return;
    this.#pause = Math.min(MAX_PAUSE_MS, Math.max(PAUSE_MS, 2 * this.#pause));
    this.#pausedUntil = setTimeout(() => this.resume(), this.#pause * (1 - Math.random() / 2));
    this.#pausedUntil.unref();
  }
}

function isFailed(series: Series | null): boolean {
  return series !== null && series.failure !== null;
}

/** Rejects an entry. If the database is at fault, later entries of its series are refused too. */
function rejectWith<Entry, Result>({ reject, series }: Waiting<Entry, Result>, error: StoreError): void {
  if (series !== null && (error.code === "storage_unavailable" || error.code === "storage_full"))
    series.failure = error;
  reject(error);
}
