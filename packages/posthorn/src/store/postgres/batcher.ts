/** Group commit over a network: whatever waits while commits are under way becomes the next one. Pages are read in groups in the same way. */
import { StoreError } from "../errors.ts";
import { isAway, toStoreError } from "./errors.ts";

export interface LineOptions<Entry, Result> {
  /** Writes all entries in one transaction and returns what became of each, or rejects and has written none. */
  readonly commit: (entries: readonly Entry[]) => Promise<readonly Result[]>;
  /** Two entries that share a name are never in one commit, nor in two at the same time. */
  readonly namesOf: (entry: Entry) => readonly string[];
  readonly bytesOf: (entry: Entry) => number;
  /** Commits under way at once; two unless given: one is on the wire while the other is on the disk. */
  readonly parallel?: number;
  /** Whether an entry needs a commit of its own. */
  readonly isAlone?: (entry: Entry) => boolean;
  /** What becomes of entries while the database is away: refused at once, or kept until it is back. */
  readonly whenAway: "refuse" | "keep";
  /** Told when a commit broke off of which nobody knows whether it was made, after its entries were refused. */
  readonly onDoubt?: () => void;
  /** Told after each commit, before anybody who waits for it goes on. */
  readonly onCommit?: (entries: readonly Entry[], results: readonly Result[]) => void;
}

/** Entries that are committed in their order: never two commits of them at a time, and none after one that the database failed. */
export interface Series {
  /** What the database failed with, once it has. */
  failure: StoreError | null;
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
/** What may wait; beyond it an entry is refused rather than memory filled. */
const MAX_WAITING_BYTES = 256 * 1024 * 1024;
const MAX_WAITING_ENTRIES = 100_000;
/** Under load a commit waits this long for company. */
const GATHER_MS = 2;
/** What counts as load: a last batch of at least this many entries. */
const GATHER_FROM = 16;
/** How long to leave a database alone that was away, at first and at most; chance takes up to half of it. */
const PAUSE_MS = 100;
const MAX_PAUSE_MS = 2000;

export class Line<Entry, Result> {
  readonly #options: LineOptions<Entry, Result>;
  #waiting: Waiting<Entry, Result>[] = [];
  #waitingBytes = 0;
  readonly #underWay = new Set<readonly Waiting<Entry, Result>[]>();
  readonly #busyNames = new Set<string>();
  /** Series of which a commit is under way. */
  readonly #busySeries = new Set<Series>();
  #places = 0;
  #gathering = false;
  #lastBatch = 0;
  #pause = 0;
  #pausedUntil: NodeJS.Timeout | null = null;
  #closed = false;
  /** Resolved whenever a commit has ended, well or not. */
  #ended = Promise.withResolvers<void>();

  constructor(options: LineOptions<Entry, Result>) {
    this.#options = options;
  }

  /** Bytes of entries that wait for a commit. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** @param series What the entry is committed in order with; `null`: nothing. */
  push(entry: Entry, series: Series | null = null): Promise<Result> {
    const refusal = this.#refusal();
    if (refusal !== null) return Promise.reject(refusal);
    const names = this.#options.namesOf(entry);
    const bytes = this.#options.bytesOf(entry);
    this.#waitingBytes += bytes;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, series, names, bytes, place: this.#places++, resolve, reject });
      this.#gather();
    });
  }

  /** Entries that are not on the disk yet. */
  *unsettled(): Generator<Entry> {
    for (const batch of this.#underWay) for (const { entry } of batch) yield entry;
    for (const { entry } of this.#waiting) yield entry;
  }

  /** Resolves when every entry that was pushed before is settled. Rejects while the database is away. */
  async settled(): Promise<void> {
    const upTo = this.#places;
    while (this.#hasBefore(upTo)) {
      if (this.#pausedUntil !== null) throw this.#awayError();
      await this.#ended.promise;
    }
  }

  /** The database is back: what waits for it goes on now. */
  resume(): void {
    if (this.#pausedUntil === null) return;
    clearTimeout(this.#pausedUntil);
    this.#pausedUntil = null;
    this.#gather();
  }

  /** Waits for what is under way and what waits; what is kept for a database that is away is given up. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.settled().catch(() => undefined);
    if (this.#pausedUntil !== null) clearTimeout(this.#pausedUntil);
    for (const { reject } of this.#waiting.splice(0)) reject(this.#awayError());
  }

  #refusal(): StoreError | null {
    if (this.#pausedUntil !== null && this.#options.whenAway === "refuse") return this.#awayError();
    if (this.#waitingBytes <= MAX_WAITING_BYTES && this.#waiting.length < MAX_WAITING_ENTRIES) return null;
    return new StoreError("storage_failed", "The database does not keep up with what is handed in: try again later.");
  }

  #awayError(): StoreError {
    return new StoreError("storage_unavailable", "PostgreSQL does not answer; trying again.");
  }

  #hasBefore(place: number): boolean {
    if (this.#waiting.length > 0 && this.#waiting[0]!.place < place) return true;
    for (const batch of this.#underWay) if (batch[0]!.place < place) return true;
    return false;
  }

  #gather(): void {
    if (this.#gathering || this.#pausedUntil !== null || this.#underWay.size >= (this.#options.parallel ?? PARALLEL))
      return;
    this.#gathering = true;
    const go = (): void => {
      this.#gathering = false;
      const batch = this.#take();
      if (batch.length > 0) void this.#run(batch);
    };
    if (this.#lastBatch >= GATHER_FROM) setTimeout(go, GATHER_MS);
    else setImmediate(go);
  }

  /** The next batch, in order; what shares a name with an entry in it or under way is left for a later one. */
  #take(): Waiting<Entry, Result>[] {
    const batch: Waiting<Entry, Result>[] = [];
    const left: Waiting<Entry, Result>[] = [];
    const passed = new Set<string>();
    const passedSeries = new Set(this.#busySeries);
    let bytes = 0;
    let index = 0;
    for (; index < this.#waiting.length && batch.length < MAX_BATCH_ENTRIES && bytes < MAX_BATCH_BYTES; index++) {
      const next = this.#waiting[index]!;
      // What was passed over stays before what came after it.
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

  async #run(batch: Waiting<Entry, Result>[]): Promise<void> {
    this.#underWay.add(batch);
    this.#lastBatch = batch.length;
    if (this.#waiting.length > 0) this.#gather();
    try {
      await this.#settle(batch);
      this.#pause = 0;
    } catch (error) {
      this.#awayWith(batch, error);
    }
    this.#underWay.delete(batch);
    for (const { names, series } of batch) {
      for (const name of names) this.#busyNames.delete(name);
      if (series !== null) this.#busySeries.delete(series);
    }
    this.#refuseFailed();
    const ended = this.#ended;
    this.#ended = Promise.withResolvers();
    ended.resolve();
    if (this.#waiting.length > 0) this.#gather();
  }

  /** Commits a batch, or when one entry is at fault each alone, so that it takes no other with it. Rejects when the database is away. */
  async #settle(batch: readonly Waiting<Entry, Result>[]): Promise<void> {
    const [first] = batch;
    if (batch.length === 1 && isFailed(first!.series)) return first!.reject(first!.series!.failure!);
    try {
      const entries = batch.map(({ entry }) => entry);
      const results = await this.#options.commit(entries);
      this.#options.onCommit?.(entries, results);
      batch.forEach(({ resolve }, index) => resolve(results[index]!));
    } catch (error) {
      if (isAway(error)) throw error;
      if (batch.length === 1) rejectWith(batch[0]!, toStoreError(error));
      else for (const waiting of batch) await this.#settle([waiting]);
    }
  }

  /** What waits in a series is refused once the database has failed an entry of it. */
  #refuseFailed(): void {
    if (!this.#waiting.some(({ series }) => isFailed(series))) return;
    const refused = this.#waiting.filter(({ series }) => isFailed(series));
    this.#waiting = this.#waiting.filter(({ series }) => !isFailed(series));
    for (const { bytes, reject, series } of refused) {
      this.#waitingBytes -= bytes;
      reject(series!.failure!);
    }
  }

  /** The database is away: it is left alone for a while, which grows. Entries that were settled already do not notice. */
  #awayWith(batch: Waiting<Entry, Result>[], error: unknown): void {
    if (this.#options.whenAway === "keep" && !this.#closed) {
      this.#waiting = [...batch, ...this.#waiting].sort((a, b) => a.place - b.place);
      for (const { bytes } of batch) this.#waitingBytes += bytes;
    } else {
      for (const waiting of [...batch, ...this.#waiting.splice(0)]) rejectWith(waiting, toStoreError(error));
      this.#waitingBytes = 0;
      // An error of our own list says that nothing was sent.
      if (!(error instanceof StoreError)) this.#options.onDoubt?.();
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

/** An entry is refused; when the database is at fault, so are those after it in its series. */
function rejectWith<Entry, Result>({ reject, series }: Waiting<Entry, Result>, error: StoreError): void {
  if (series !== null && (error.code === "storage_unavailable" || error.code === "storage_full"))
    series.failure = error;
  reject(error);
}
