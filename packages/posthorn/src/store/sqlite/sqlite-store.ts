/** Store on SQLite: one writer thread and several reader threads. */
import type { StoreError } from "../errors.ts";
import { WriteHealth } from "../write-health.ts";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { Kysely, sql } from "kysely";
import type { ClusterStore } from "../cluster.ts";
import type { Database } from "../schema.ts";
import type { PassingTime } from "../../lib/clock.ts";
import type { Signal, SignalListener } from "../signal.ts";
import type {
  AcceptEntry,
  AcceptResult,
  CommitListener,
  FreeSpaceStore,
  Store,
  StoreCounters,
  StoreSize,
} from "../store.ts";
import type { BatchStore, EndpointBacklog, JobPage, KeptBatch, Lease, Outcome, PageSelection } from "../delivery.ts";
import { batchMembers, keptBatches } from "../delivery-batches.ts";
import { type Lent, sqliteDialect } from "../dialect.ts";
import { moveFeedHorizon } from "../feed-horizon.ts";
import type { Siblings } from "../siblings.ts";
import { greatestKey, greatestMessageKey, transactOn } from "../transaction.ts";
import { type LongTransactionListener, TransactionWatch, UNNAMED } from "../transaction-watch.ts";
import { createFile } from "./file.ts";
import { lockFolder } from "./folder-lock.ts";
import { LateThread } from "./late-thread.ts";
import { type DatabaseThread, PING, unpackRows } from "./protocol.ts";
import { ThreadClient, toStoreError } from "./thread-client.ts";
import { LOST } from "./threads/fences.ts";
import { SharedTransactions } from "./threads/shared-transactions.ts";
import { SharedWords } from "./threads/shared-words.ts";
import type { SqliteSeat } from "./threads/seat.ts";
import type { StoreSharing } from "./threads/sharing.ts";
import { ThreadCluster } from "./threads/thread-cluster.ts";
import type { WalLoss } from "./wal-loss.ts";
import { type Gather, type SetTimer, Writer } from "./writer.ts";
import type { Tx } from "../tx.ts";

export interface SqliteStoreOptions {
  /** Path of the database file. Its folder is created if missing. */
  readonly path: string;
  /** Reader threads for lists and gets, in addition to the one for short look-ups. */
  readonly readers?: number;
  /** Called when a thread ends unexpectedly. The store has failed permanently and must be opened again. */
  readonly onFailure?: (error: Error) => void;
  /** Called during the opening when the write-ahead log has lost commits since the store was last open. */
  readonly onWalLoss?: ((loss: WalLoss) => void) | undefined;
  /** Called with the rows that each commit has stored. */
  readonly listener?: CommitListener;
  /** Maximum size of the file in pages of 4 KiB. Tests use it to simulate a full disk. */
  readonly maxPages?: number;
  /** Clock for the duration of transactions; the system clock by default. */
  readonly time?: PassingTime;
  /** The other threads of this process that use the database; absent or `null`: there are none. See `SqliteStore.seat`. */
  readonly siblings?: Siblings | null;
}

/** Options of a further thread. */
export type SqliteSeatOptions = Pick<SqliteStoreOptions, "onFailure" | "listener" | "time"> &
  Pick<SqliteThreads, "gather" | "setTimer"> & {
    readonly siblings: Siblings;
    /** Default: a thread that starts with its first request. */
    readonly openReader?: () => DatabaseThread;
  };

/** Open threads of a store, and how its writer gathers entries for a commit. */
export interface SqliteThreads {
  readonly path: string;
  readonly writer: DatabaseThread;
  readonly hotReader: DatabaseThread;
  readonly readers: readonly DatabaseThread[];
  readonly gather?: Gather;
  readonly setTimer?: SetTimer;
  readonly listener?: CommitListener | null;
  readonly walLoss?: WalLoss | null;
  /** Released when the store is closed. */
  readonly lock: Disposable;
  /** Clock for the duration of transactions; the system clock by default. */
  readonly time?: PassingTime;
  /** Set if other threads use the writer as well. */
  readonly sharing?: StoreSharing | null;
}

/** Takes the write lock immediately. At the first write, another connection might have written already. */
const BEGIN = "BEGIN IMMEDIATE";
/** Pages returned to the disk in one step: 2 MiB. */
const RECLAIM_PAGES = 512;
/** Share of the file that stays free for new rows, so that the file does not shrink and grow all the time. */
const RESERVED = 0.05;

export class SqliteStore implements Store {
  readonly db: Kysely<Database>;
  readonly hotDb: Kysely<Database>;
  readonly days = null;
  readonly cluster: ClusterStore | null;
  /** Always `null`: without its file, the node ends. */
  readonly outage = null;
  readonly outageMs = 0;
  readonly walLoss: WalLoss | null;
  readonly #writeDb: Kysely<Database>;
  readonly #writer: Writer;
  readonly #hotReader: DatabaseThread;
  readonly #readers: readonly DatabaseThread[];
  readonly #lock: Disposable;
  readonly #path: string;
  readonly #watch: TransactionWatch;
  readonly #writeHealth = new WriteHealth({ transaction: (work) => this.transaction(work, "write test") });
  readonly #sharing: StoreSharing | null;
  readonly #threads: ThreadCluster | null;
  readonly #transactions: SharedTransactions | null;
  #onSignal: SignalListener = () => undefined;

  /** Creates a store on open threads. Use `open` to open them for a file. */
  constructor(threads: SqliteThreads) {
    const {
      path,
      writer,
      hotReader,
      readers,
      gather,
      setTimer,
      listener,
      lock,
      time,
      walLoss,
      sharing = null,
    } = threads;
    this.walLoss = walLoss ?? null;
    this.#watch = new TransactionWatch(time);
    this.#sharing = sharing;
    this.#writer = new Writer(writer, path, {
      gather,
      setTimer,
      listener,
      sharing: sharing && { words: sharing.words, threads: () => 1 + sharing.siblings.count },
    });
    this.#writer.onRecovered = () => this.#writeHealth.committed();
    this.#writer.onRefused = (error) => this.#writeHealth.failed(error);
    this.#hotReader = hotReader;
    this.#readers = readers;
    this.#lock = lock;
    this.#path = path;
    this.db = new Kysely<Database>({
      dialect: sqliteDialect({ begin: BEGIN, lend: () => this.#lendReader(() => leastLoaded(this.#readers)) }),
    });
    this.hotDb = new Kysely<Database>({
      dialect: sqliteDialect({ begin: BEGIN, lend: () => this.#lendReader(() => this.#hotReader) }),
    });
    this.#writeDb = new Kysely<Database>({ dialect: sqliteDialect({ begin: BEGIN, lend: () => this.#lendWriter() }) });
    this.#threads = sharing && new ThreadCluster({ ...sharing, db: this.hotDb });
    this.cluster = this.#threads;
    this.#transactions = sharing && new SharedTransactions(sharing.siblings);
  }

  /** Locks the data folder against other processes, opens the file and migrates its schema. Its threads start before it returns. */
  static async open(options: SqliteStoreOptions): Promise<SqliteStore> {
    const { path, readers = 1, maxPages, onFailure, onWalLoss, listener, time, siblings = null } = options;
    const words = siblings === null ? null : new SharedWords();
    await using stack = new AsyncDisposableStack();
    const lock = stack.use(lockFolder(path));
    createFile(path);
    let walLoss: WalLoss | null = null;
    const noteWalLoss = (loss: WalLoss): void => {
      walLoss = loss;
      onWalLoss?.(loss);
    };
    const start = (role: "writer" | "reader"): Promise<ThreadClient> =>
      ThreadClient.open(
        { path, role, maxPages: role === "writer" ? (maxPages ?? null) : null, words: words?.memory ?? null },
        {
          onFailure,
          onWalLoss: noteWalLoss,
          onLost: () => store.#threadLost(),
          onRolledBack: (ms) => store.#watch.rolledBack(ms),
        },
      );
    const thread = async (role: "writer" | "reader"): Promise<ThreadClient> =>
      stack.adopt(await start(role), (opened) => opened.close());
    // All at once: starting a thread takes longer than what it does.
    const writing = thread("writer");
    const reading = Array.from({ length: readers }, () => thread("reader"));
    // If one fails, the stack closes the others.
    await Promise.allSettled([writing, ...reading]);
    const [writer, others] = [await writing, await Promise.all(reading)];
    const store: SqliteStore = new SqliteStore({
      path,
      writer,
      sharing: words && siblings && { thread: writer, words, siblings },
      hotReader: new LateThread(() => start("reader"), others[0]),
      readers: others,
      lock,
      walLoss,
      listener: listener ?? null,
      ...(time === undefined ? {} : { time }),
    });
    // From here on, the store closes them.
    stack.move();
    return store;
  }

  /** Opens the store of a further thread, which uses the writer thread of the one that gave it the seat. */
  static join({ path, port, words: memory, walLoss }: SqliteSeat, options: SqliteSeatOptions): SqliteStore {
    const { siblings, onFailure, listener, time, gather, setTimer } = options;
    const writer = ThreadClient.join(port, path, {
      onFailure,
      onLost: () => store.#threadLost(),
      onRolledBack: (ms) => store.#watch.rolledBack(ms),
    });
    const start = (): Promise<ThreadClient> =>
      ThreadClient.open({ path, role: "reader", maxPages: null }, { onFailure });
    const { openReader } = options;
    const [hotReader, reader] = openReader === undefined ? lateReaders(start) : [openReader(), openReader()];
    const store: SqliteStore = new SqliteStore({
      path,
      writer,
      sharing: { thread: writer, words: new SharedWords(memory), siblings },
      hotReader,
      readers: [reader],
      lock: { [Symbol.dispose]: () => undefined },
      walLoss,
      listener: listener ?? null,
      ...(gather && { gather }),
      ...(setTimer && { setTimer }),
      ...(time === undefined ? {} : { time }),
    });
    return store;
  }

  /** Lets a further thread of this process use the database, until its store is closed or it ends. The store must have `siblings`. */
  seat(): SqliteSeat {
    const { thread, words } = this.#sharing!;
    return { path: this.#path, port: thread.share(), words: words.memory, walLoss: this.walLoss };
  }

  get writeRefusal(): StoreError | null {
    return this.#writeHealth.refusal;
  }

  testWrites(): void {
    this.#writeHealth.test();
  }

  accept(entry: AcceptEntry): Promise<AcceptResult> {
    return this.#writer.accept(entry);
  }

  acceptAll(entries: readonly AcceptEntry[]): Promise<readonly PromiseSettledResult<AcceptResult>[]> {
    return this.#writer.acceptAll(entries);
  }

  /** The writer thread commits in the order of the calls, one batch at a time. */
  acceptInOrder(entries: readonly AcceptEntry[]): Promise<readonly PromiseSettledResult<AcceptResult>[]> {
    return this.acceptAll(entries);
  }

  /** With a single thread, runs the work without a lock: one process uses the file, and it has a single caller. */
  async alone<T>(work: () => Promise<T>): Promise<T | null> {
    if (this.#sharing === null) return work();
    const { thread } = this.#sharing;
    if (!(await thread.ask<"lock">({ op: "lock", isTaken: true }))) return null;
    try {
      return await work();
    } finally {
      // It fails only when the writer thread has ended.
      await thread.ask<"lock">({ op: "lock", isTaken: false }).catch(() => undefined);
    }
  }

  /** With a single thread, resolves immediately: its signals are handled before a transaction is reported as committed. */
  catchUp(): Promise<void> {
    return this.#sharing?.siblings.catchUp() ?? Promise.resolve();
  }

  lowestWaiting(): number | null {
    return this.#writer.lowestWaiting();
  }

  record(entry: Outcome): Promise<void> {
    return this.#writer.record(entry);
  }

  recordAll(entries: readonly Outcome[]): Promise<void> {
    return this.#writer.recordAll(entries);
  }

  readonly batches: BatchStore = {
    list: (endpointId) => keptBatches(this.hotDb, endpointId),
    members: (endpointId, messageIds) => batchMembers(this.hotDb, "min", endpointId, messageIds),
    keep: (batch, lease, ended) => this.#keepBatch(batch, lease, ended),
  };

  async #keepBatch(
    { id, endpointId, messageIds }: KeptBatch,
    lease: Lease | undefined,
    ended: readonly number[],
  ): Promise<void> {
    const insert = "INSERT INTO delivery_batch (id, endpoint_id, message_ids_json) SELECT ?, ?, ? WHERE true";
    const stored = await this.#runIfHeld(lease, insert, [id, endpointId, JSON.stringify(messageIds)]);
    if (stored === 0) throw toStoreError(LOST, this.#path);
    if (ended.length === 0) return;
    const remove = "DELETE FROM delivery_batch WHERE id IN (SELECT value FROM json_each(?))";
    await this.#runIfHeld(lease, remove, [JSON.stringify(ended)]);
  }

  /** Runs a statement, which ends with a condition, if the lease is held. Without a lease, the statement is unchanged. */
  #runIfHeld(lease: Lease | undefined, text: string, parameters: readonly unknown[]): Promise<number> {
    if (lease === undefined) return this.#writer.run(text, parameters);
    return this.#writer.run(`${text} AND holds(?, ?)`, [...parameters, lease.shard, lease.fence]);
  }

  commitWaiting(): Promise<void> | null {
    return this.#writer.commitWaiting();
  }

  due(endpointId: number, now: number, limit: number, selection?: PageSelection): Promise<JobPage> {
    return this.#writer.due(endpointId, now, limit, selection);
  }

  async backlog(): Promise<readonly EndpointBacklog[]> {
    const found = await this.#writer.backlog();
    this.#writer.newestKey.note(await greatestMessageKey(this.db));
    return found;
  }

  get newestDue(): number {
    return this.#writer.newestKey.due;
  }

  get newestKey(): number {
    return this.#writer.newestKey.key;
  }

  onSignal(listener: SignalListener): void {
    this.#onSignal = listener;
    const siblings = this.#sharing?.siblings;
    siblings?.onSignals((signals) => listener(signals, "elsewhere"));
    this.#writer.onAnnounced = () => {
      listener([{ kind: "operational" }], "here");
      siblings?.send([{ kind: "operational" }]);
    };
  }

  /** With a single thread, does nothing: there is no other node. */
  signal(...signals: readonly Signal[]): void {
    this.#sharing?.siblings.send(signals);
  }

  onUnknownCommit(listener: () => void): void {
    this.#writer.onUnknownCommit = listener;
  }

  transaction<T>(work: (tx: Tx) => Promise<T>, operation = UNNAMED): Promise<T> {
    const committed = (signals: readonly Signal[]): void => this.#onSignal(signals, "here");
    const options = { committed, watch: this.#watch, operation };
    return this.#transactions?.run(this.#writeDb, options, work) ?? transactOn(this.#writeDb, options, work);
  }

  onLongTransaction(listener: LongTransactionListener): void {
    this.#watch.onLong(listener);
  }

  async payload(messageId: number): Promise<Uint8Array | null> {
    const row = await this.hotDb.selectFrom("message").select("payload").where("id", "=", messageId).executeTakeFirst();
    return row?.payload ?? null;
  }

  whenAvailable(): Promise<void> {
    return Promise.resolve();
  }

  async ping(): Promise<void> {
    const asking = [this.#hotReader, ...this.#readers]
      .filter(({ isStarted }) => isStarted !== false)
      .map((reader) => reader.request<"query">({ op: "query", sql: PING, parameters: [] }));
    await Promise.all([this.#writer.query(PING, []), ...asking]);
  }

  async reclaim(): Promise<boolean> {
    const { pages, free } = await this.#pages();
    const more = free - Math.ceil(pages * RESERVED);
    if (more <= 0) return false;
    await this.#writer.reclaim(Math.min(more, RECLAIM_PAGES));
    return true;
  }

  readonly freeSpace: FreeSpaceStore = {
    overwriteFreed: async (isOn) => void (await this.#writer.freeSpace({ kind: "overwrite-freed", isOn })),
    returnPages: async () => (await this.#writer.freeSpace({ kind: "return-pages" })) as boolean,
    overwrite: async (from) => (await this.#writer.freeSpace({ kind: "overwrite", from })) as number | null,
    emptyLog: async () => (await this.#writer.freeSpace({ kind: "empty-log" })) as boolean,
  };

  async size(): Promise<StoreSize> {
    const { pages, free, bytes } = await this.#pages();
    const { bsize, blocks, bavail } = await statfs(dirname(this.#path));
    const disk = { bytes: blocks * bsize, freeBytes: bavail * bsize };
    return { bytes: pages * bytes, freeBytes: free * bytes, disk };
  }

  async #pages(): Promise<{ readonly pages: number; readonly free: number; readonly bytes: number }> {
    const { rows } = await sql<{ pages: number; free: number; bytes: number }>`
      SELECT page_count AS pages, freelist_count AS free, page_size AS bytes
      FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()`.execute(this.db);
    return rows[0]!;
  }

  get counters(): StoreCounters {
    return this.#writer.counters;
  }

  /** Sets what gets the rows of each commit, if it was not known when the store was opened. */
  listen(listener: CommitListener): void {
    this.#writer.listener = listener;
  }

  feedHorizon(settled: () => number): Promise<number> {
    const threads = this.#threads;
    if (threads === null) return moveFeedHorizon(this, settled);
    return moveFeedHorizon(this, async () => Math.min(settled(), await threads.settledByOthers()));
  }

  lastKey(): Promise<number> {
    return greatestKey(this.db);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // One at a time: V8 has crashed when threads ended concurrently (nodejs/node#64500).
    await using stack = new AsyncDisposableStack();
    stack.use(this.#lock);
    stack.defer(() => this.#writer.close());
    for (const reader of [this.#hotReader, ...this.#readers]) stack.defer(() => reader.close());
  }

  /** Another thread has ended unexpectedly: others may own its shards, and the signals of its last commits may be missing. */
  #threadLost(): void {
    this.#onSignal([{ kind: "nodes" }], "elsewhere");
    this.#writer.onUnknownCommit();
  }

  /** Lends a reader that sees everything that was confirmed to any thread. */
  async #lendReader(reader: () => DatabaseThread): Promise<Lent> {
    const settling = this.#writer.settle();
    if (settling !== null) await settling;
    return lend(reader());
  }

  #lendWriter(): Promise<Lent> {
    return new Promise((resolve, fail) => {
      this.#writer
        .exclusive(() => {
          const { promise: released, resolve: release } = Promise.withResolvers<void>();
          resolve({ run: (text, parameters) => this.#writer.query(text, parameters), release });
          return released;
        })
        .catch(fail);
    });
  }
}

/** Borrows a reader. Readers can be shared, because each handles its requests in order. */
function lend(reader: DatabaseThread): Lent {
  return {
    run: async (text, parameters) => {
      const result = await reader.request<"query">({ op: "query", sql: text, parameters });
      return { rows: unpackRows(result), changes: result.changes };
    },
    release: () => undefined,
  };
}

/** A thread for short look-ups, which the other one gets as long as it responds at once, and that other one. */
function lateReaders(start: () => Promise<DatabaseThread>): readonly [DatabaseThread, DatabaseThread] {
  const reader = new LateThread(start);
  return [new LateThread(start, reader), reader];
}

function leastLoaded(readers: readonly DatabaseThread[]): DatabaseThread {
  return readers.reduce((least, candidate) => (candidate.load < least.load ? candidate : least));
}
