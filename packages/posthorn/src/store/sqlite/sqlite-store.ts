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
import type { BatchStore, EndpointBacklog, JobPage, Outcome, PageSelection } from "../delivery.ts";
import { batchMembers, keptBatches } from "../delivery-batches.ts";
import { type Lent, sqliteDialect } from "../dialect.ts";
import { moveFeedHorizon } from "../feed-horizon.ts";
import { greatestKey, greatestMessageKey, transactOn } from "../transaction.ts";
import { type LongTransactionListener, TransactionWatch, UNNAMED } from "../transaction-watch.ts";
import { createFile } from "./file.ts";
import { lockFolder } from "./folder-lock.ts";
import { LateThread } from "./late-thread.ts";
import { type DatabaseThread, unpackRows } from "./protocol.ts";
import { ThreadClient } from "./thread-client.ts";
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
}

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
  readonly cluster: ClusterStore | null = null;
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
  #onSignal: SignalListener = () => undefined;

  /** Creates a store on open threads. Use `open` to open them for a file. */
  constructor({ path, writer, hotReader, readers, gather, setTimer, listener, lock, time, walLoss }: SqliteThreads) {
    this.walLoss = walLoss ?? null;
    this.#watch = new TransactionWatch(time);
    this.#writer = new Writer(writer, path, { gather, setTimer, listener });
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
  }

  /** Locks the data folder against other processes, opens the file and migrates its schema. */
  static async open(options: SqliteStoreOptions): Promise<SqliteStore> {
    const { path, readers = 1, maxPages, onFailure, onWalLoss, listener, time } = options;
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
        { path, role, maxPages: role === "writer" ? (maxPages ?? null) : null },
        { onFailure, onWalLoss: noteWalLoss },
      );
    const thread = async (role: "writer" | "reader"): Promise<ThreadClient> =>
      stack.adopt(await start(role), (opened) => opened.close());
    const writer = await thread("writer");
    const others: ThreadClient[] = [];
    while (others.length < readers) others.push(await thread("reader"));
    const store = new SqliteStore({
      path,
      writer,
      hotReader: new LateThread(() => start("reader")),
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

  /** Runs the work without a lock: one process uses the file, and it has a single caller. */
  alone<T>(work: () => Promise<T>): Promise<T | null> {
    return work();
  }

  /** Resolves immediately: signals stay within the process and are handled before a transaction is reported as committed. */
  catchUp(): Promise<void> {
    return Promise.resolve();
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
    keep: async ({ id, endpointId, messageIds }, _lease, ended) => {
      const insert = "INSERT INTO delivery_batch (id, endpoint_id, message_ids_json) VALUES (?, ?, ?)";
      await this.#writer.run(insert, [id, endpointId, JSON.stringify(messageIds)]);
      if (ended.length === 0) return;
      const remove = "DELETE FROM delivery_batch WHERE id IN (SELECT value FROM json_each(?))";
      await this.#writer.run(remove, [JSON.stringify(ended)]);
    },
  };

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

  onSignal(listener: SignalListener): void {
    this.#onSignal = listener;
    this.#writer.onAnnounced = () => listener([{ kind: "operational" }], "here");
  }

  /** Does nothing: there is no other node. */
  signal(): void {}

  onUnknownCommit(listener: () => void): void {
    this.#writer.onUnknownCommit = listener;
  }

  transaction<T>(work: (tx: Tx) => Promise<T>, operation = UNNAMED): Promise<T> {
    const committed = (signals: readonly Signal[]): void => this.#onSignal(signals, "here");
    return transactOn(this.#writeDb, { committed, watch: this.#watch, operation }, work);
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
      .map((reader) => reader.request<"query">({ op: "query", sql: "SELECT 1", parameters: [] }));
    await Promise.all([this.#writer.query("SELECT 1", []), ...asking]);
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

  feedHorizon(settled: () => number): Promise<number> {
    return moveFeedHorizon(this, settled);
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

  /** Lends a reader that sees everything that was confirmed. */
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

function leastLoaded(readers: readonly DatabaseThread[]): DatabaseThread {
  return readers.reduce((least, candidate) => (candidate.load < least.load ? candidate : least));
}
