/** Store on PostgreSQL: queries run on a pool, hot statements in group commits on separate connections. */
import { type Kysely, sql } from "kysely";
import { timeOfKey } from "../../lib/id.ts";
import { StoreError, type StoreOutage } from "../errors.ts";
import { WriteHealth } from "../write-health.ts";
import type { Database } from "../schema.ts";
import type { ClusterStore } from "../cluster.ts";
import type { Signal, SignalListener } from "../signal.ts";
import type { AcceptEntry, AcceptResult, CommitListener, Store, StoreSize } from "../store.ts";
import type { BatchStore, EndpointBacklog, JobPage, Outcome, PageSelection } from "../delivery.ts";
import { batchMembers, keptBatches } from "../delivery-batches.ts";
import { greatestKey, greatestMessageKey, type SignalHooks, transactOn } from "../transaction.ts";
import { type LongTransactionListener, TransactionWatch, UNNAMED } from "../transaction-watch.ts";
import { setTimeout as delay } from "node:timers/promises";
import { inTransaction, onOwnClient, TIMEOUT_MS, withClient } from "./connections.ts";
import { isUnavailable, isMissingPartition, isRetryable, toStoreError } from "./errors.ts";
import { keepBatch } from "./hot/keep-batch.ts";
import type { Recorded } from "./hot/record.ts";
import { backlog } from "./hot/backlog.ts";
import type { DueAsk } from "./hot/page.ts";
import { PostgresDays } from "./days.ts";
import { moveFeedHorizon } from "./feed.ts";
import { Counters } from "./counters.ts";
import { PostgresCluster } from "./cluster.ts";
import { NewestKey } from "../immediate.ts";
import type { Batcher, Series } from "./batcher.ts";
import { NotificationConnection } from "./notification-connection.ts";
import { LOCK, tryLockForTransaction } from "./locks.ts";
import { prepareDatabase } from "./migrate.ts";
import { SCHEMA } from "./schema-name.ts";
import type { Siblings } from "../siblings.ts";
import { SignalPost } from "./signals.ts";
import { ensurePartitions } from "./partitions.ts";
import { Mutex } from "./mutex.ts";
import type { Tx } from "../tx.ts";
import type { PostgresStoreOptions } from "./store-options.ts";
import { beginWrite, type Connections, connectionsOf, kyselyOn } from "./store-connections.ts";
import { acceptBatcher, type BatcherParts, pageBatcher, recordBatcher } from "./batchers.ts";

/** How long a write transaction waits for those before it, in multiples of the database timeout. */
const MUTEX_TIMEOUTS = 3;

/** How long connections may take to close before they are cut. */
const CLOSE_TIMEOUT_MS = 1000;
const PARTITIONS_EVERY_MS = 3_600_000;
/** PostgreSQL ends the session of a node that holds a cluster-wide lock and is silent for this long. */
const ALONE_IDLE_MS = 10_000;
const ALONE_ALIVE_MS = 2000;
/** Attempts at a transaction that fails with a serialisation failure or a deadlock. */
const TRIES = 5;

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
    const batching: BatcherParts = {
      hot: parts.hot,
      listener: parts.listener,
      counters: this.counters,
      trying: (newestKey, work, retry) => this.#trying(newestKey, work, retry),
    };
    this.#records = recordBatcher(batching, () => this.#announced());
    this.#accepts = acceptBatcher(batching, {
      writeHealth: this.#writeHealth,
      onUnknownCommit: () => this.#onUnknownCommit(),
      records: this.#records,
    });
    this.#pages = pageBatcher(parts.hot);
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

  limitConnections(max: number): void {
    this.#parts.queries.limit(max);
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

function shardLost({ messageId }: Pick<Outcome, "messageId">): StoreError {
  return new StoreError(
    "shard_lost",
    `The outcome of message ${messageId} was not recorded: another node now owns its endpoint and will make the attempt again.`,
  );
}

async function orStoreError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw toStoreError(error);
  }
}
