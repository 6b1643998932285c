/** Store on PostgreSQL: queries run on a pool, hot statements in group commits on separate connections. */
import { HandleEmptyInListsPlugin, Kysely, replaceWithNoncontingentExpression, sql } from "kysely";
import { timeOfKey } from "../../lib/id.ts";
import { postgresDialect } from "../dialect.ts";
import { StoreError, type StoreOutage } from "../errors.ts";
import { WriteHealth } from "../write-health.ts";
import type { Database } from "../schema.ts";
import type { ClusterStore } from "../cluster.ts";
import type { Signal, SignalListener } from "../signal.ts";
import type { AcceptEntry, AcceptResult, CommitListener, Store, StoreSize } from "../store.ts";
import type { AttemptRecord, BatchStore, EndpointBacklog, JobPage, Outcome, PageSelection } from "../delivery.ts";
import { batchMembers, keptBatches } from "../delivery-batches.ts";
import type { PassingTime } from "../../lib/clock.ts";
import { greatestKey, greatestMessageKey, type SignalHooks, transactOn } from "../transaction.ts";
import { type LongTransactionListener, TransactionWatch, UNNAMED } from "../transaction-watch.ts";
import { setTimeout as delay } from "node:timers/promises";
import { clientConfig, inTransaction, lend, onOwnClient, Pool, TIMEOUT_MS, withClient } from "./connections.ts";
import { isUnavailable, isMissingPartition, isRetryable, isUnique, toStoreError } from "./errors.ts";
import { acceptWithFlowControl, acceptTogether, keysOf } from "./hot/accept.ts";
import { AnnouncingRecord, nameOf } from "./hot/announce.ts";
import { keepBatch } from "./hot/keep-batch.ts";
import type { Recorded } from "./hot/record.ts";
import { backlog } from "./hot/backlog.ts";
import { duePages } from "./hot/due.ts";
import type { DueAsk } from "./hot/page.ts";
import { PostgresDays } from "./days.ts";
import { moveFeedHorizon } from "./feed.ts";
import { Counters } from "./counters.ts";
import { PostgresCluster } from "./cluster.ts";
import { NewestKey } from "../immediate.ts";
import { Batcher, type Series } from "./batcher.ts";
import { NotificationConnection } from "./notification-connection.ts";
import { LOCK, lockCall, tryLockForTransaction } from "./locks.ts";
import { prepareDatabase } from "./migrate.ts";
import { SCHEMA } from "./schema-name.ts";
import type { Siblings } from "../siblings.ts";
import { SignalPost } from "./signals.ts";
import { ensurePartitions } from "./partitions.ts";
import { HealthProbe } from "./health-probe.ts";
import { Servers } from "./servers.ts";
import { Mutex } from "./mutex.ts";
import type { Tx } from "../tx.ts";

export interface PostgresStoreOptions {
  /** As `postgres://user:password@host/database`. */
  readonly url: string;
  /** The same database without a pooler in between; `null`: `url` has none. */
  readonly directUrl?: string | null;
  /** Connections for queries, in addition to the few for hot statements. */
  readonly connections?: number;
  /** Response timeout of PostgreSQL, milliseconds. */
  readonly timeoutMs?: number;
  /** Called when the database becomes unavailable, and with `null` when it is available again. */
  readonly onOutage?: (outage: StoreOutage | null) => void;
  /** Called when the node must stop. */
  readonly onFailure?: (error: Error) => void;
  /** Receives the entries of each commit. */
  readonly listener?: CommitListener;
  /** Clock for the duration of transactions; the system clock by default. */
  readonly time?: PassingTime;
  /** The other threads of this process, each with its own store on this database; `null` by default: there are none. */
  readonly siblings?: Siblings | null;
}

const CONNECTIONS = 8;
/** Outcomes of one batch of deliveries that get a separate commit. */
const LARGE_BATCH = 16;
/** How long a write transaction waits for those before it, in multiples of the database timeout. */
const MUTEX_TIMEOUTS = 3;
/** Two for accepts, two for outcomes, and one for pages of due deliveries. */
const HOT_CONNECTIONS = 5;
/** For the short look-ups of deliveries and logins. */
const LOOKUP_CONNECTIONS = 2;
/** How long connections may take to close before they are cut. */
const CLOSE_TIMEOUT_MS = 1000;
const PARTITIONS_EVERY_MS = 3_600_000;
/** PostgreSQL ends the session of a node that holds a cluster-wide lock and is silent for this long. */
const ALONE_IDLE_MS = 10_000;
const ALONE_ALIVE_MS = 2000;
/** Attempts at a transaction that fails with a serialisation failure or a deadlock. */
const TRIES = 5;

/**
 * Begins a write transaction of resources. There is one at a time in the whole cluster, so that the rows a transaction has read cannot
 * change before it writes. PostgreSQL ends the transaction of a frozen node after 15 s, and others wait at most `timeoutMs` for it.
 */
function beginWrite(timeoutMs: number): string {
  const limits = `SET LOCAL idle_in_transaction_session_timeout = '15s'; SET LOCAL lock_timeout = ${timeoutMs}`;
  // Stated, because a database can have another default: its snapshot would be older than the lock, and reads would miss the last commit.
  return `BEGIN ISOLATION LEVEL READ COMMITTED; ${limits}; SELECT ${lockCall(LOCK.resources)}`;
}

interface Connections {
  readonly hot: Pool;
  readonly lookups: Pool;
  readonly queries: Pool;
  /** One for the direct connections, and one for those through a pooler, if there is one. */
  readonly probes: readonly [direct: HealthProbe, ...HealthProbe[]];
}

interface Parts extends Connections {
  readonly timeoutMs: number;
  readonly notifications: NotificationConnection;
  readonly post: SignalPost;
  readonly siblings: Siblings | null;
  readonly cluster: PostgresCluster;
  readonly listener: CommitListener | null;
  readonly watch: TransactionWatch;
}

export class PostgresStore implements Store {
  readonly db: Kysely<Database>;
  readonly hotDb: Kysely<Database>;
  readonly counters = new Counters(() => this.#accepts.waitingBytes);
  readonly days: PostgresDays;
  readonly walLoss = null;
  readonly newestKey = null;
  readonly #writeDb: Kysely<Database>;
  readonly #parts: Parts;
  readonly #accepts: Batcher<AcceptEntry, AcceptResult>;
  /** Each entry has the outcomes of one attempt: one, or those of a batch, which are committed together. */
  readonly #records: Batcher<readonly Outcome[], Recorded>;
  readonly #pages: Batcher<DueAsk, JobPage>;
  readonly #partitionTimer: NodeJS.Timeout;
  #onSignal: SignalListener = () => undefined;
  /** Covers the messages of this node, and those of other nodes up to the last look-up. */
  readonly #newestKey = new NewestKey();
  #noting: Promise<void> | null = null;
  #onUnknownCommit: () => void = () => undefined;
  #outageSince: number | null = null;
  readonly #writeHealth = new WriteHealth({ transaction: (work) => this.transaction(work, "write test") });
  /** Serialises the write transactions of this node, so that one connection per node waits for the cluster-wide lock, and not all. */
  readonly #writeMutex: Mutex;

  private constructor(parts: Parts) {
    this.#parts = parts;
    const { queries, lookups, timeoutMs } = parts;
    this.db = kyselyOn(queries, "BEGIN");
    this.hotDb = kyselyOn(lookups, "BEGIN");
    this.#writeDb = kyselyOn(queries, beginWrite(timeoutMs));
    this.days = new PostgresDays(queries);
    this.#writeMutex = new Mutex(MUTEX_TIMEOUTS * timeoutMs);
    this.#accepts = this.#acceptBatcher();
    this.#records = this.#recordBatcher();
    this.#pages = this.#pageBatcher();
    this.#partitionTimer = setInterval(() => void this.#addPartitions(0).catch(() => undefined), PARTITIONS_EVERY_MS);
    this.#partitionTimer.unref();
  }

  /** Connects, brings the schema up to date and listens to other nodes. */
  static async open(options: PostgresStoreOptions): Promise<PostgresStore> {
    const { url, directUrl = null, timeoutMs = TIMEOUT_MS, listener } = options;
    await onOwnClient({ url: directUrl ?? url, use: "schema", timeoutMs }, (client) =>
      prepareDatabase(client, Date.now()),
    );
    let store: PostgresStore | null = null;
    await using stack = new AsyncDisposableStack();
    const connections = connectionsOf(options, () => void (store !== null && store.#onHealth(options.onOutage)));
    for (const probe of connections.probes) stack.use(probe);
    const notifications = stack.use(
      await NotificationConnection.open({
        probe: connections.probes[0],
        onMessage: (payload) => void (store !== null && store.#receive(payload)),
        onNotificationState: (up) => cluster.notificationsAre(up),
        onLost: options.onFailure ?? (() => undefined),
      }),
    );
    const { hot } = connections;
    const cluster = new PostgresCluster(notifications, hot);
    const siblings = options.siblings ?? null;
    const post = new SignalPost(hot, siblings?.process ?? null);
    const watch = new TransactionWatch(options.time);
    store = new PostgresStore({
      ...connections,
      timeoutMs,
      notifications,
      post,
      siblings,
      cluster,
      watch,
      listener: listener ?? null,
    });
    // From here on, the store closes them.
    stack.move();
    try {
      await Promise.all(store.#parts.probes.map((probe) => probe.check()));
      await store.#checkSchema();
      return store;
    } catch (error) {
      await store[Symbol.asyncDispose]();
      throw error;
    }
  }

  get outage(): StoreOutage | null {
    return this.#parts.probes.find(({ outage }) => outage !== null)?.outage ?? null;
  }

  get outageMs(): number {
    return this.#outageSince === null ? 0 : performance.now() - this.#outageSince;
  }

  async whenAvailable(): Promise<void> {
    for (const probe of this.#parts.probes) await probe.whenAvailable();
  }

  get writeRefusal(): StoreError | null {
    return this.#writeHealth.refusal;
  }

  testWrites(): void {
    this.#writeHealth.test();
  }

  accept(entry: AcceptEntry): Promise<AcceptResult> {
    this.#newestKey.note(entry.id);
    return this.#accepts.push(entry);
  }

  acceptAll(entries: readonly AcceptEntry[]): Promise<readonly PromiseSettledResult<AcceptResult>[]> {
    return Promise.allSettled(entries.map((entry) => this.accept(entry)));
  }

  acceptInOrder(entries: readonly AcceptEntry[]): Promise<readonly PromiseSettledResult<AcceptResult>[]> {
    const series: Series = { failure: null };
    for (const { id } of entries) this.#newestKey.note(id);
    return Promise.allSettled(entries.map((entry) => this.#accepts.push(entry, series)));
  }

  lowestWaiting(): number | null {
    let lowest = Infinity;
    for (const { id } of this.#accepts.unsettled()) lowest = Math.min(lowest, id);
    return lowest === Infinity ? null : lowest;
  }

  async record(entry: Outcome): Promise<void> {
    if ((await this.#records.push([entry])) === "lost") throw shardLost(entry);
  }

  async recordAll(entries: readonly Outcome[]): Promise<void> {
    if (entries.length > 0 && (await this.#records.push(entries)) === "lost") throw shardLost(entries[0]!);
  }

  get batches(): BatchStore {
    const { hot } = this.#parts;
    return {
      list: (endpointId) => orStoreError(keptBatches(this.hotDb, endpointId)),
      members: (endpointId, messageIds) => orStoreError(batchMembers(this.hotDb, "least", endpointId, messageIds)),
      keep: async (batch, lease, ended) => {
        if (!(await orStoreError(keepBatch(hot, batch, lease, ended))))
          throw shardLost({ messageId: batch.messageIds[0]! });
      },
    };
  }

  get cluster(): ClusterStore {
    return this.#parts.cluster;
  }

  onSignal(listener: SignalListener): void {
    this.#onSignal = listener;
    this.#parts.siblings?.onSignals((signals) => listener(signals, "elsewhere"));
  }

  signal(...signals: readonly Signal[]): void {
    const { post, siblings } = this.#parts;
    siblings?.send(signals);
    post.send(signals);
  }

  onUnknownCommit(listener: () => void): void {
    this.#onUnknownCommit = listener;
    this.#parts.siblings?.onLost(listener);
  }

  alone<T>(work: () => Promise<T>): Promise<T | null> {
    const exclusive = inTransaction(this.#parts.queries, async (client) => {
      await client.query(`SET LOCAL idle_in_transaction_session_timeout = ${ALONE_IDLE_MS}`);
      if (!(await tryLockForTransaction(client, LOCK.outbox))) return null;
      // The work is done on other connections. A process that is frozen sends nothing, so PostgreSQL ends its session and frees the lock.
      const alive = setInterval(() => void client.query("SELECT 1").catch(() => undefined), ALONE_ALIVE_MS);
      try {
        return await work();
      } finally {
        clearInterval(alive);
      }
    });
    return orStoreError(exclusive);
  }

  catchUp(): Promise<void> {
    const { notifications, post } = this.#parts;
    return orStoreError(notifications.catchUp((channel, payload) => post.notify(channel, [payload])));
  }

  commitWaiting(): Promise<void> | null {
    return this.#records.commitWaiting();
  }

  async due(endpointId: number, now: number, limit: number, selection?: PageSelection): Promise<JobPage> {
    await this.#records.settled();
    return this.#pages.push({ endpointId, now, newestDue: this.newestDue, limit, selection });
  }

  async backlog(): Promise<readonly EndpointBacklog[]> {
    await this.#records.settled();
    const found = await orStoreError(backlog(this.#parts.hot));
    await this.#noteNewest();
    return found;
  }

  get newestDue(): number {
    return this.#newestKey.due;
  }

  async transaction<T>(work: (tx: Tx) => Promise<T>, operation = UNNAMED): Promise<T> {
    // Settles once the other threads have applied the signals of the commit: a request to any of them finds the change.
    const told: Promise<void>[] = [];
    const result = await this.#writeMutex.runExclusive(() => this.#transact(work, operation, told));
    await Promise.all(told);
    return result;
  }

  onLongTransaction(listener: LongTransactionListener): void {
    this.#parts.watch.onLong(listener);
  }

  async payload(messageId: number): Promise<Uint8Array | null> {
    const row = await this.hotDb.selectFrom("message").select("payload").where("id", "=", messageId).executeTakeFirst();
    return row?.payload ?? null;
  }

  async ping(): Promise<void> {
    const pools = [this.#parts.hot, this.#parts.lookups, this.#parts.queries];
    await orStoreError(Promise.all(pools.map((pool) => withClient(pool, (client) => client.query("SELECT 1")))));
  }

  /** Autovacuum does this. */
  reclaim(): Promise<boolean> {
    return Promise.resolve(false);
  }

  /** Autovacuum removes old versions of rows. */
  readonly freeSpace = null;

  /** The disk of the database server is not visible from here. */
  async size(): Promise<StoreSize> {
    const { rows } = await sql<{ bytes: number }>`
      SELECT coalesce(sum(pg_table_size(oid) + pg_indexes_size(oid)), 0) AS bytes FROM pg_class
      WHERE relnamespace = to_regnamespace(${SCHEMA}) AND relkind = 'r'`.execute(this.hotDb);
    return { bytes: rows[0]!.bytes, freeBytes: 0, disk: null };
  }

  feedHorizon(): Promise<number> {
    return orStoreError(moveFeedHorizon(this.#parts.queries));
  }

  lastKey(): Promise<number> {
    return greatestKey(this.db);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#partitionTimer);
    const { hot, lookups, queries, probes, notifications, post } = this.#parts;
    await using stack = new AsyncDisposableStack();
    let ended: Promise<unknown> = Promise.resolve();
    stack.defer(async () => void (await ended));
    for (const probe of probes) stack.use(probe);
    stack.defer(async () => {
      ended = Promise.all([hot.end(), lookups.end(), queries.end(), notifications[Symbol.asyncDispose]()]);
      // An unresponsive server does not close connections either, so the probes cut them.
      await Promise.race([ended, delay(CLOSE_TIMEOUT_MS)]);
    });
    stack.defer(() => post.close());
    stack.defer(() => this.#writeMutex.settled());
    for (const batcher of [this.#accepts, this.#records, this.#pages]) stack.defer(() => batcher.close());
  }

  #onHealth(onOutage: PostgresStoreOptions["onOutage"]): void {
    const { outage } = this;
    this.#outageSince = outage === null ? null : (this.#outageSince ?? performance.now());
    if (outage === null) {
      this.#accepts.resume();
      this.#records.resume();
      this.#pages.resume();
    }
    onOutage?.(outage);
  }

  #acceptBatcher(): Batcher<AcceptEntry, AcceptResult> {
    const { hot, listener } = this.#parts;
    return new Batcher<AcceptEntry, AcceptResult>({
      whenUnavailable: "refuse",
      onUnknownCommit: () => this.#onUnknownCommit(),
      namesOf: keysOf,
      bytesOf: ({ payload, exact }) => payload.byteLength + (exact?.sealed?.byteLength ?? 0),
      isAlone: hasFlowControl,
      commit: async (entries) => {
        const [first] = entries as readonly [AcceptEntry, ...AcceptEntry[]];
        const accept = hasFlowControl(first)
          ? async () => [await acceptWithFlowControl(hot, first)]
          : () => acceptTogether(hot, entries);
        // Another commit has just taken the key of this message. The next try finds that one.
        const raced = entries.length === 1 && keysOf(first).length > 0 ? isUnique : () => false;
        try {
          const accepting = () => this.#trying(entries.at(-1)!.id, accept, raced);
          const results = await this.counters.timing("accepts", entries.length, accepting);
          this.#writeHealth.committed();
          return results;
        } catch (error) {
          this.#writeHealth.failed(toStoreError(error));
          throw error;
        }
      },
      onCommit: (entries, results) => {
        if (listener?.wanted === true)
          listener.committed(
            entries.filter((_, at) => results[at]!.kind === "stored"),
            [],
          );
      },
    });
  }

  #recordBatcher(): Batcher<readonly Outcome[], Recorded> {
    const { hot, listener } = this.#parts;
    const recording = new AnnouncingRecord();
    return new Batcher<readonly Outcome[], Recorded>({
      whenUnavailable: "keep",
      mayWait: ([first]) => first!.mayWait === true,
      namesOf: (outcomes) => outcomes.map((outcome) => nameOf(outcome)),
      bytesOf: (outcomes) => outcomes.reduce((bytes, { attempt }) => bytes + bytesOfAttempt(attempt), 0),
      // An entry with many outcomes would, together with others, exceed the size of a commit.
      isAlone: (outcomes) => outcomes.length >= LARGE_BATCH,
      commit: async (entries) => {
        const outcomes = entries.length === 1 ? entries[0]! : entries.flat();
        const newest = outcomes.reduce((key, { attempt }) => Math.max(key, attempt?.id ?? 0), 0);
        const record = () => this.#trying(newest, () => recording.record(hot, outcomes));
        const { results, announced } = await this.counters.timing("records", outcomes.length, record);
        if (announced) this.#announced();
        // The outcomes of an entry have one lease.
        let at = 0;
        return entries.map(({ length }) => results[(at += length) - length]!);
      },
      onCommit: (entries, results) => {
        if (listener?.wanted === true) {
          listener.committed(
            [],
            entries.flatMap((outcomes, at) => (results[at] === "recorded" ? outcomes : [])),
          );
        }
      },
    });
  }

  /**
   * Reads pages that are requested at the same time together, because a statement per lane would cost more than its
   * result.
   */
  #pageBatcher(): Batcher<DueAsk, JobPage> {
    return new Batcher<DueAsk, JobPage>({
      whenUnavailable: "refuse",
      parallel: 1,
      namesOf: () => [],
      bytesOf: () => 0,
      commit: (asks) => duePages(this.#parts.hot, asks),
    });
  }

  /** Repeats work that lost against another transaction, or whose partition does not exist yet. */
  async #trying<T>(
    newestKey: number,
    work: () => Promise<T>,
    retry: (error: unknown) => boolean = () => false,
  ): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await work();
      } catch (error) {
        if (tries === TRIES) throw error;
        if (isMissingPartition(error)) await this.#addPartitions(timeOfKey(newestKey));
        else if (!isRetryable(error) && !retry(error)) throw error;
      }
    }
  }

  async #transact<T>(work: (tx: Tx) => Promise<T>, operation: string, told: Promise<void>[]): Promise<T> {
    const options = { ...this.#signalHooks(told), watch: this.#parts.watch, operation };
    for (let tries = 1; ; tries++) {
      try {
        return await transactOn(this.#writeDb, options, work);
      } catch (error) {
        if (error instanceof StoreError && isUnavailable(error.cause)) this.#onUnknownCommit();
        if (tries === TRIES || !(error instanceof StoreError) || !isRetryable(error.cause)) throw error;
      }
    }
  }

  #signalHooks(told: Promise<void>[]): SignalHooks {
    const { post, siblings } = this.#parts;
    return {
      beforeCommit: (signals, db) => post.sendIn(db, signals),
      committed: (signals) => {
        this.#onSignal(signals, "here");
        if (siblings !== null) told.push(siblings.tell(signals));
      },
    };
  }

  #announced(): void {
    this.#onSignal([{ kind: "operational" }], "here");
    this.signal({ kind: "operational" });
  }

  #receive(payload: string): void {
    const received = this.#parts.post.read(payload);
    if (received === null) return;
    // The other node's clock may be ahead of this one. Its first attempts are due nevertheless.
    const fromAhead = received.signals.some((signal) => signal.kind === "due" && (signal.from ?? 0) > Date.now());
    const known = fromAhead ? this.#noteNewest().catch(() => undefined) : null;
    if (known === null) this.#onSignal(received.signals, "elsewhere");
    else void known.then(() => this.#onSignal(received.signals, "elsewhere"));
    // A later version sent a signal that this one does not know: everything is looked up again.
    if (received.unknown) this.#onUnknownCommit();
  }

  /** Looks up the newest message of all nodes. */
  #noteNewest(): Promise<void> {
    this.#noting ??= greatestMessageKey(this.hotDb)
      .then((key) => this.#newestKey.note(key))
      .finally(() => (this.#noting = null));
    return this.#noting;
  }

  async #addPartitions(upTo: number): Promise<void> {
    await withClient(this.#parts.hot, (client) => ensurePartitions(client, Math.max(Date.now(), upTo)));
  }

  /** Without this check, a pooler that drops the `search_path` would make every query fail with "relation does not exist". */
  async #checkSchema(): Promise<void> {
    const { rows } = await orStoreError(
      withClient(this.#parts.queries, (client) =>
        client.query<{ name: string | null }>("SELECT current_schema() AS name"),
      ),
    );
    if (rows[0]!.name === SCHEMA) return;
    throw new StoreError(
      "config_invalid",
      `Connections through POSTHORN_DATABASE_URL start in ${rows[0]!.name === null ? "no schema" : `the schema ${rows[0]!.name}`} instead of ${SCHEMA}. Behind a pooler, run ALTER ROLE … SET search_path = ${SCHEMA} once.`,
    );
  }
}

function connectionsOf(options: PostgresStoreOptions, onChange: () => void): Connections {
  const { url, directUrl = null, connections = CONNECTIONS, timeoutMs = TIMEOUT_MS } = options;
  const probeOf = (to: string, pooled: boolean): HealthProbe => {
    const config = (server: string) => clientConfig({ url: server, use: "coordination", pooled, timeoutMs });
    return new HealthProbe({ servers: new Servers(to), config, timeoutMs, onChange, random: Math.random });
  };
  const pooled = directUrl !== null;
  const direct = probeOf(directUrl ?? url, false);
  const querying = pooled ? probeOf(url, true) : direct;
  return {
    hot: new Pool({ url: directUrl ?? url, use: "hot", timeoutMs }, HOT_CONNECTIONS, direct),
    lookups: new Pool({ url, use: "lookups", pooled, timeoutMs }, LOOKUP_CONNECTIONS, querying),
    queries: new Pool({ url, use: "queries", pooled, timeoutMs }, connections, querying),
    probes: pooled ? [direct, querying] : [direct],
  };
}

function kyselyOn(pool: Pool, begin: string): Kysely<Database> {
  return new Kysely<Database>({
    dialect: postgresDialect({ begin, lend: () => lend(pool) }),
    // SQLite accepts an empty list after IN, PostgreSQL does not.
    plugins: [new HandleEmptyInListsPlugin({ strategy: replaceWithNoncontingentExpression })],
  });
}

function shardLost({ messageId }: Pick<Outcome, "messageId">): StoreError {
  return new StoreError(
    "shard_lost",
    `The outcome of message ${messageId} was not recorded: another node now owns its endpoint and will make the attempt again.`,
  );
}

function bytesOfAttempt(attempt: AttemptRecord | null): number {
  return attempt === null ? 0 : attempt.response.length + (attempt.detailJson?.length ?? 0);
}

function hasFlowControl({ flowControl }: AcceptEntry): boolean {
  return flowControl !== null && flowControl !== undefined;
}

async function orStoreError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw toStoreError(error);
  }
}
