/** Group commit: entries that are queued while the disk is busy are committed in one transaction. */
import { StoreError } from "../errors.ts";
import type { Cell } from "../hot-columns.ts";
import { NewestKey } from "../immediate.ts";
import type { AcceptEntry, AcceptResult, CommitListener, StoreCounters } from "../store.ts";
import type { JobPage, EndpointBacklog, PageSelection, Outcome } from "../delivery.ts";
import { unpackPage } from "./packed-page.ts";
import {
  type AcceptStatus,
  acceptResult,
  type Batch,
  type BatchResult,
  type DatabaseThread,
  encodeAccept,
  type FreeSpaceStep,
  RecordWriter,
  type ThreadFailure,
  unpackRows,
} from "./protocol.ts";
import { toStoreError } from "./thread-client.ts";
import { packLeases } from "./threads/fences.ts";
import { SharedNewestKey, type SharedWords } from "./threads/shared-words.ts";

/** Maximum rows per commit, so that a commit does not occupy the disk for long. Further rows go into the next one. */
const MAX_BATCH_ROWS = 1000;
/** Maximum rows of entries that were passed together and stay in one commit even above `MAX_BATCH_ROWS`. */
const MAX_TOGETHER_ROWS = 5000;
/** Maximum payload bytes per commit. */
const MAX_BATCH_BYTES = 16 * 1024 * 1024;
/** Maximum payload bytes in the queue. Beyond that, a publish is refused so that memory stays bounded. */
const MAX_WAITING_BYTES = 256 * 1024 * 1024;
/** Under load a commit waits this long for more entries, so that more rows share one fsync. */
const GATHER_MS = 2;
/** Size of the last batch, in rows, that counts as load. */
const GATHER_FROM_ROWS = 16;
/** How long outcomes that may wait do so for the next message, whose commit they share. */
const OUTCOME_WAIT_MS = 15;
/** So many outcomes are committed without waiting. */
const MAX_WAITING_OUTCOMES = 64;

export interface WriterOptions {
  readonly gather?: Gather | undefined;
  /** Calls back once after `ms`, and returns a function that cancels the timer; `setTimeout` by default. */
  readonly setTimer?: SetTimer | undefined;
  readonly listener?: CommitListener | null | undefined;
  /** Set when other threads use the writer thread as well. */
  readonly sharing?: WriterSharing | null | undefined;
}

export interface WriterSharing {
  readonly words: SharedWords;
  /** Number of threads that share the memory for waiting payloads. */
  readonly threads: () => number;
}

interface Pending<Entry, Result> {
  readonly entry: Entry;
  /** The next entry belongs in the same commit. */
  readonly together?: boolean;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Owns the write connection and runs one piece of work on it at a time: group commits, write transactions of resources, and look-ups that
 * must see every outcome recorded before them.
 */
export class Writer {
  readonly #thread: DatabaseThread;
  readonly #path: string;
  /** Gets what each commit stored. */
  listener: CommitListener | null;
  readonly #gather: Gather;
  readonly #setTimer: SetTimer;
  #accepts: Pending<AcceptEntry, AcceptResult>[] = [];
  #records: Pending<Outcome, void>[] = [];
  #turn: Promise<void> = Promise.resolve();
  #flushQueued = false;
  /** Cancels the timer of outcomes that wait for a message; `null`: none do. */
  #cancelWait: (() => void) | null = null;
  #lastBatchRows = 0;
  /** Newest key of the messages that are stored or queued. */
  readonly newestKey: NewestKey;
  /** Called after a commit with events for operational webhooks. */
  onAnnounced: () => void = () => undefined;
  readonly #counters = { commits: 0, commitMs: 0, accepts: 0, records: 0, waitingBytes: 0 };
  /** Called after the first successful group commit since a commit was refused. */
  onRecovered: () => void = () => undefined;
  /** Called with the reason for each failed commit. */
  onRefused: (error: StoreError) => void = () => undefined;
  /** Called when the outcome of a commit is unknown. */
  onUnknownCommit: () => void = () => undefined;
  /** The last commit was refused. */
  #isRefused = false;
  /** Confirmed batches may be in the journal only, where readers do not see them. */
  #isOpen = false;
  /** Resolved when the entries of the journal are visible to readers; `null`: none are being made visible. */
  #settling: Promise<void> | null = null;
  readonly #sharing: WriterSharing | null;
  /** The last batch that `#settling` makes visible, when other threads use the writer thread as well. */
  #settlingUpTo: number | null = null;
  /** Accepts in the commit that is in progress. */
  #committing: readonly Pending<AcceptEntry, AcceptResult>[] = [];
  readonly #payloads = new PayloadMemory();

  constructor(thread: DatabaseThread, path: string, options: WriterOptions = {}) {
    this.#thread = thread;
    this.#path = path;
    this.listener = options.listener ?? null;
    this.#gather = options.gather ?? gather;
    this.#setTimer = options.setTimer ?? setTimer;
    this.#sharing = options.sharing ?? null;
    this.newestKey = this.#sharing === null ? new NewestKey() : new SharedNewestKey(this.#sharing.words);
  }

  get counters(): StoreCounters {
    return this.#counters;
  }

  accept(entry: AcceptEntry): Promise<AcceptResult> {
    if (this.#isFull) {
      return Promise.reject(
        new StoreError("storage_failed", "The disk cannot keep up with the published messages. Try again later."),
      );
    }
    return this.#wait(entry, false);
  }

  get #isFull(): boolean {
    return this.#counters.waitingBytes > MAX_WAITING_BYTES / (this.#sharing?.threads() ?? 1);
  }

  acceptAll(entries: readonly AcceptEntry[]): Promise<readonly PromiseSettledResult<AcceptResult>[]> {
    if (this.#isFull) return Promise.allSettled(entries.map((entry) => this.accept(entry)));
    let rows = 0;
    let bytes = 0;
    const waiting = entries.map((entry) => {
      rows += 1 + entry.endpointIds.length;
      bytes += bytesOf(entry);
      const together = rows < MAX_TOGETHER_ROWS && bytes < MAX_BATCH_BYTES && entry !== entries.at(-1);
      if (!together) rows = bytes = 0;
      return this.#wait(entry, together);
    });
    return Promise.allSettled(waiting);
  }

  lowestWaiting(): number | null {
    const waiting = [...this.#committing, ...this.#accepts];
    return waiting.length === 0 ? null : waiting.reduce((least, { entry }) => Math.min(least, entry.id), Infinity);
  }

  #wait(entry: AcceptEntry, together: boolean): Promise<AcceptResult> {
    this.newestKey.note(entry.id);
    this.#counters.waitingBytes += bytesOf(entry);
    return new Promise((resolve, reject) => {
      this.#accepts.push({ entry, together, resolve, reject });
      this.#queueFlush();
    });
  }

  record(entry: Outcome): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#records.push({ entry, resolve, reject });
      if (entry.mayWait !== true || this.#records.length >= MAX_WAITING_OUTCOMES) this.#queueFlush();
      else if (!this.#flushQueued) this.#cancelWait ??= this.#setTimer(OUTCOME_WAIT_MS, () => this.#queueFlush());
    });
  }

  /** Records outcomes in one commit. Resolves when each of them is settled, without a promise for each. */
  recordAll(entries: readonly Outcome[]): Promise<void> {
    if (entries.length === 0) return Promise.resolve();
    const { promise, resolve: done, reject: fail } = Promise.withResolvers<void>();
    let left = entries.length;
    let failure: Error | null = null;
    const resolve = (): void => {
      left--;
      if (left > 0) return;
      if (failure === null) done();
      else fail(failure);
    };
    const reject = (error: Error): void => {
      failure ??= error;
      resolve();
    };
    const last = entries.length - 1;
    entries.forEach((entry, index) => this.#records.push({ entry, together: index < last, resolve, reject }));
    this.#queueFlush();
    return promise;
  }

  /** Runs one statement in a separate transaction. Resolves with the number of rows that it changed. */
  run(sql: string, parameters: readonly unknown[]): Promise<number> {
    return this.exclusive(async () => {
      try {
        return (await this.query(sql, parameters)).changes ?? 0;
      } catch (error) {
        this.onUnknownCommit();
        throw error;
      }
    });
  }

  /** Commits the outcomes that wait for a message; `null`: none do. */
  commitWaiting(): Promise<void> | null {
    if (this.#cancelWait === null) return null;
    this.#queueFlush();
    return this.#turn;
  }

  /** Makes every confirmed message and outcome visible to readers; `null`: they are. */
  settle(): Promise<void> | null {
    if (this.#sharing !== null) return this.#settleShared(this.#sharing.words.hidden);
    if (!this.#isOpen) return this.#settling;
    this.#isOpen = false;
    return this.#beginSettling();
  }

  /** @param hidden Number of the last batch, of any thread, that readers do not see. */
  #settleShared(hidden: number | null): Promise<void> | null {
    if (hidden === null || hidden === this.#settlingUpTo) return hidden === null ? null : this.#settling;
    this.#settlingUpTo = hidden;
    return this.#beginSettling();
  }

  #beginSettling(): Promise<void> {
    const settling = this.#requestSettle().finally(() => {
      if (this.#settling !== settling) return;
      this.#settling = null;
      this.#settlingUpTo = null;
    });
    this.#settling = settling;
    return settling;
  }

  async #requestSettle(): Promise<void> {
    try {
      await this.#thread.request<"settle">({ op: "settle" });
    } catch {
      // Readers see the state before. The batches stay in the journal, and the next write reports the failure.
      this.#isOpen = true;
    }
  }

  async due(endpointId: number, now: number, limit: number, selection: PageSelection | null = null): Promise<JobPage> {
    const page = await this.exclusive(() =>
      this.#thread.request<"due">({ op: "due", endpointId, now, newestDue: this.newestKey.due, limit, selection }),
    );
    return unpackPage(page);
  }

  backlog(): Promise<readonly EndpointBacklog[]> {
    return this.exclusive(() => this.#thread.request<"backlog">({ op: "backlog" }));
  }

  reclaim(pages: number): Promise<null> {
    return this.exclusive(() => this.#thread.request<"reclaim">({ op: "reclaim", pages }));
  }

  freeSpace(step: FreeSpaceStep): Promise<number | boolean | null> {
    return this.exclusive(() => this.#thread.request<"free-space">({ op: "free-space", step }));
  }

  async query(
    sql: string,
    parameters: readonly unknown[],
  ): Promise<{ rows: Record<string, unknown>[]; changes: number | null }> {
    try {
      const result = await this.#thread.request<"query">({ op: "query", sql, parameters });
      // Everything before the transaction was committed.
      if (sql.startsWith("BEGIN")) this.#isOpen = false;
      return { rows: unpackRows(result), changes: result.changes };
    } catch (error) {
      if (error instanceof StoreError) this.#refused(error);
      if (sql === "COMMIT") this.onUnknownCommit();
      throw error;
    }
  }

  /** Runs `work` alone, after all messages, outcomes and work that were queued before it. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    if (this.#cancelWait !== null) this.#queueFlush();
    return this.#enqueue(work);
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  /** Waits for all queued work, then closes the connection. */
  async close(): Promise<void> {
    while (this.#accepts.length + this.#records.length > 0) {
      this.#queueFlush();
      await this.#turn;
    }
    await this.exclusive(() => this.#thread.close());
  }

  #queueFlush(): void {
    this.#cancelWait?.();
    this.#cancelWait = null;
    if (this.#flushQueued) return;
    this.#flushQueued = true;
    void this.#enqueue(async () => {
      await this.#gather(this.#lastBatchRows >= GATHER_FROM_ROWS);
      this.#flushQueued = false;
      await this.#flush();
      if (this.#accepts.length + this.#records.length > 0) this.#queueFlush();
    });
  }

  async #flush(): Promise<void> {
    const accepts = this.#takeAccepts();
    const records = this.#takeRecords(MAX_BATCH_ROWS - accepts.length);
    this.#lastBatchRows = accepts.length + records.length;
    this.#committing = accepts;
    const begun = performance.now();
    try {
      const packed = toBatch(accepts, records, this.#payloads);
      const batch =
        this.#sharing === null
          ? packed
          : {
              ...packed,
              leases: packLeases(records.map(({ entry }) => entry)),
              counts: { accepts: accepts.length, records: records.length },
            };
      const { buffer } = batch.payloads;
      const transfer = buffer instanceof ArrayBuffer ? [buffer] : [];
      const result = await this.#thread.request<"batch">({ op: "batch", batch }, transfer);
      if (result.isOpen) this.#isOpen = true;
      this.#count(accepts.length, records.length, performance.now() - begun);
      if (this.#isRefused) {
        this.#isRefused = false;
        this.onRecovered();
      }
      if (this.listener?.wanted === true) this.#tell(this.listener, accepts, records, result);
      this.#settle(accepts, records, result);
      if (result.announced) this.onAnnounced();
    } catch (error) {
      if (error instanceof StoreError) this.#refused(error);
      for (const { reject } of [...accepts, ...records]) reject(error as Error);
      this.onUnknownCommit();
    } finally {
      this.#committing = [];
    }
  }

  #refused(error: StoreError): void {
    this.#isRefused = true;
    this.onRefused(error);
  }

  #count(accepts: number, records: number, tookMs: number): void {
    const counters = this.#counters;
    counters.commits++;
    counters.commitMs += tookMs;
    counters.accepts += accepts;
    counters.records += records;
  }

  #takeAccepts(): Pending<AcceptEntry, AcceptResult>[] {
    let bytes = 0;
    let rows = 0;
    let entries = 0;
    let together = false;
    while (entries < this.#accepts.length && (together || (rows < MAX_BATCH_ROWS && bytes < MAX_BATCH_BYTES))) {
      const next = this.#accepts[entries++]!;
      together = next.together === true;
      bytes += bytesOf(next.entry);
      rows += 1 + next.entry.endpointIds.length;
    }
    this.#counters.waitingBytes -= bytes;
    return this.#accepts.splice(0, entries);
  }

  /** Takes outcomes up to a number of rows. Outcomes of one batch stay in one commit. */
  #takeRecords(rows: number): Pending<Outcome, void>[] {
    let count = 0;
    let together = false;
    while (count < this.#records.length && (together || count < rows))
      together = this.#records[count++]!.together === true;
    return this.#records.splice(0, count);
  }

  #tell(
    listener: CommitListener,
    accepts: readonly Pending<AcceptEntry, AcceptResult>[],
    records: readonly Pending<Outcome, void>[],
    result: BatchResult,
  ): void {
    const stored = accepts.filter((_, index) => (result.accepts?.[index] ?? "stored") === "stored");
    const recorded = records.filter((_, index) => !result.records?.[index]);
    listener.committed(
      stored.map(({ entry }) => entry),
      recorded.map(({ entry }) => entry),
    );
  }

  #settle(
    accepts: readonly Pending<AcceptEntry, AcceptResult>[],
    records: readonly Pending<Outcome, void>[],
    result: BatchResult,
  ): void {
    accepts.forEach(({ resolve, reject }, index) => {
      const status = result.accepts === null ? "stored" : result.accepts[index]!;
      if (isFailure(status)) reject(toStoreError(status, this.#path));
      else resolve(acceptResult(status));
    });
    records.forEach(({ resolve, reject }, index) => {
      const failure = result.records?.[index];
      if (failure) reject(toStoreError(failure, this.#path));
      else resolve();
    });
  }
}

function toBatch(
  accepts: readonly Pending<AcceptEntry, AcceptResult>[],
  records: readonly Pending<Outcome, void>[],
  memory: PayloadMemory,
): Batch {
  const payloads = memory.take(accepts.reduce((bytes, { entry }) => bytes + bytesOf(entry), 0));
  const acceptCells: Cell[] = [];
  const written = new RecordWriter();
  let offset = 0;
  for (const { entry } of accepts) {
    encodeAccept(acceptCells, entry);
    payloads.set(entry.payload, offset);
    offset += entry.payload.byteLength;
    const sealed = entry.exact?.sealed ?? null;
    if (sealed === null) continue;
    payloads.set(sealed, offset);
    offset += sealed.byteLength;
  }
  for (const { entry } of records) written.add(entry);
  return { accepts: acceptCells, payloads, records: written.cells };
}

/** Payload bytes of a batch from which shared memory is worthwhile, and up to which it is kept. */
const MIN_SHARED_BYTES = 128 * 1024;
const MAX_SHARED_BYTES = 8 * 1024 * 1024;

/**
 * Memory for the payloads of one batch after the other, which the writer thread reads in place. New memory for each batch would be garbage in both
 * threads, and megabytes of it outside of V8's heap make V8 collect garbage several times a second.
 */
class PayloadMemory {
  /** Weak, so that a collection at rest returns it. */
  #shared: WeakRef<SharedArrayBuffer> | null = null;

  /** Memory for a batch, valid until the next call. Small or very large batches get their own, which is transferred to the writer thread. */
  take(bytes: number): Uint8Array {
    if (bytes < MIN_SHARED_BYTES || bytes > MAX_SHARED_BYTES) return new Uint8Array(bytes);
    let memory = this.#shared?.deref();
    if (memory === undefined || memory.byteLength < bytes) {
      memory = new SharedArrayBuffer(Math.min(2 * bytes, MAX_SHARED_BYTES));
      this.#shared = new WeakRef(memory);
    }
    return new Uint8Array(memory, 0, bytes);
  }
}

/** Bytes of an entry that go to the writer thread apart from its cells. */
function bytesOf({ payload, exact = null }: AcceptEntry): number {
  return exact === null || exact.sealed === null ? payload.byteLength : payload.byteLength + exact.sealed.byteLength;
}

/** Waits for more entries: until the end of this event loop iteration, or a little longer under load. */
export type Gather = (underLoad: boolean) => Promise<void>;

/** Calls back once after a time in milliseconds. Returns a function that cancels the timer. */
export type SetTimer = (ms: number, callback: () => void) => () => void;

function setTimer(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}

function gather(underLoad: boolean): Promise<void> {
  return new Promise((resolve) => {
    if (underLoad) setTimeout(resolve, GATHER_MS);
    else setImmediate(resolve);
  });
}

function isFailure(status: AcceptStatus | ThreadFailure): status is ThreadFailure {
  return typeof status === "object" && !Array.isArray(status);
}
