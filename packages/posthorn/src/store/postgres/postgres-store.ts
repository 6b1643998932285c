/** The store for those who run PostgreSQL: queries on a pool, hot statements in group commits on connections of their own. */
import { HandleEmptyInListsPlugin, Kysely, replaceWithNoncontingentExpression, sql } from "kysely";
import pg from "pg";
import { timeOfKey } from "../../id.ts";
import { postgresDialect } from "../dialect.ts";
import { StoreError } from "../errors.ts";
import type { Database } from "../schema.ts";
import type {
  AcceptEntry,
  AcceptResult,
  CommitListener,
  DuePage,
  PageWish,
  EndpointBacklog,
  RecordEntry,
  Store,
  StoreSize,
  Tx,
} from "../store.ts";
import { greatestKey, transactOn } from "../transaction.ts";
import { clientConfig, inTransaction, lend, openPool, SCHEMA, withClient } from "./connections.ts";
import { isMissingPartition, isRetryable, isUnique, toStoreError } from "./errors.ts";
import { acceptPaced, acceptTogether, keysOf } from "./hot/accept.ts";
import { AnnouncingRecord, nameOf } from "./hot/announce.ts";
import { backlog } from "./hot/backlog.ts";
import { due } from "./hot/due.ts";
import { Counters } from "./counters.ts";
import { Line } from "./line.ts";
import { LOCK, lockCall, tryLockForTransaction } from "./locks.ts";
import { migrate, refuseHalfCopy } from "./migrate.ts";
import { NodeLock } from "./node-lock.ts";
import { Notices } from "./notices.ts";
import { ensurePartitions } from "./partitions.ts";

export interface PostgresStoreOptions {
  /** As `postgres://user:password@host/database`. */
  readonly url: string;
  /** The same database without a pooler in between; `null`: `url` has none. */
  readonly directUrl?: string | null;
  /** Connections for queries, beside the few for hot statements. */
  readonly connections?: number;
  /** Called when the node must not go on. */
  readonly onFailure?: (error: Error) => void;
  /** Told what each commit has stored. */
  readonly listener?: CommitListener;
}

const CONNECTIONS = 8;
/** Two for each line, and one for pages of due deliveries. */
const HOT_CONNECTIONS = 5;
/** For short look-ups that deliveries and logins wait for. */
const LOOKUP_CONNECTIONS = 2;
const PARTITIONS_EVERY_MS = 3_600_000;
/** How often what lost against another transaction is tried. */
const TRIES = 5;

/**
 * One write transaction of resources at a time, in the whole cluster: what one read still holds when it writes. A node that stands still
 * within one loses it after a while, so that it does not hold up the others.
 */
const BEGIN_WRITE = `BEGIN; SET LOCAL idle_in_transaction_session_timeout = '15s'; SELECT ${lockCall(LOCK.resources)}`;

interface Parts {
  readonly directUrl: string;
  readonly hot: pg.Pool;
  readonly lookups: pg.Pool;
  readonly queries: pg.Pool;
  readonly lock: NodeLock;
  readonly listener: CommitListener | null;
}

export class PostgresStore implements Store {
  readonly db: Kysely<Database>;
  readonly hotDb: Kysely<Database>;
  readonly counters = new Counters(() => this.#accepts.waitingBytes);
  readonly #writeDb: Kysely<Database>;
  readonly #parts: Parts;
  readonly #accepts: Line<AcceptEntry, AcceptResult>;
  readonly #records: Line<RecordEntry, void>;
  readonly #partitionTimer: NodeJS.Timeout;
  #onAnnounced: () => void = () => undefined;
  #onDoubt: () => void = () => undefined;
  #onOutbox: (from: number | null) => void = () => undefined;
  readonly #notices: Notices;
  /** Write transactions of this node, one after another: one connection of each node waits for the lock, and not all of them. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(parts: Parts) {
    this.#parts = parts;
    const { queries, lookups } = parts;
    this.db = kyselyOn(queries, "BEGIN");
    this.hotDb = kyselyOn(lookups, "BEGIN");
    this.#writeDb = kyselyOn(queries, BEGIN_WRITE);
    this.#notices = new Notices(parts.directUrl, (text) => this.#hear(text));
    this.#accepts = this.#acceptLine();
    this.#records = this.#recordLine();
    this.#partitionTimer = setInterval(() => void this.#addPartitions(0).catch(() => undefined), PARTITIONS_EVERY_MS);
    this.#partitionTimer.unref();
  }

  /** Connects, brings the schema up to date and keeps other nodes away. */
  static async open(options: PostgresStoreOptions): Promise<PostgresStore> {
    const { url, directUrl = null, connections = CONNECTIONS, onFailure, listener } = options;
    const direct = directUrl ?? url;
    await prepareDatabase(direct);
    const lock = await NodeLock.take(direct, onFailure ?? (() => undefined));
    const pooled = directUrl !== null;
    const store = new PostgresStore({
      directUrl: direct,
      hot: openPool({ url: direct, use: "hot" }, HOT_CONNECTIONS),
      lookups: openPool({ url, use: "queries", pooled }, LOOKUP_CONNECTIONS),
      queries: openPool({ url, use: "queries", pooled }, connections),
      lock,
      listener: listener ?? null,
    });
    try {
      await store.#checkSchema();
      await store.#notices.start();
      return store;
    } catch (error) {
      await store[Symbol.asyncDispose]();
      throw error;
    }
  }

  accept(entry: AcceptEntry): Promise<AcceptResult> {
    return this.#accepts.push(entry);
  }

  acceptAll(entries: readonly AcceptEntry[]): Promise<readonly PromiseSettledResult<AcceptResult>[]> {
    return Promise.allSettled(entries.map((entry) => this.#accepts.push(entry)));
  }

  lowestWaiting(): number | null {
    let lowest = Infinity;
    for (const { id } of this.#accepts.unsettled()) lowest = Math.min(lowest, id);
    return lowest === Infinity ? null : lowest;
  }

  record(entry: RecordEntry): Promise<void> {
    return this.#records.push(entry);
  }

  onAnnounced(listener: () => void): void {
    this.#onAnnounced = listener;
  }

  onDoubt(listener: () => void): void {
    this.#onDoubt = listener;
  }

  onOutbox(listener: (from: number | null) => void): void {
    this.#onOutbox = listener;
  }

  alone<T>(work: () => Promise<T>): Promise<T | null> {
    const exclusive = inTransaction(this.#parts.queries, async (client) =>
      (await tryLockForTransaction(client, LOCK.outbox)) ? await work() : null,
    );
    return orStoreError(exclusive);
  }

  async due(endpointId: number, now: number, limit: number, wish?: PageWish): Promise<DuePage> {
    await this.#records.settled();
    return orStoreError(due(this.#parts.hot, { endpointId, now, limit, wish }));
  }

  async backlog(): Promise<readonly EndpointBacklog[]> {
    await this.#records.settled();
    return orStoreError(backlog(this.#parts.hot));
  }

  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const result = this.#turn.then(() => this.#transact(work));
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async payload(messageId: number): Promise<Uint8Array | null> {
    const row = await this.hotDb.selectFrom("message").select("payload").where("id", "=", messageId).executeTakeFirst();
    return row?.payload ?? null;
  }

  async ping(): Promise<void> {
    const pools = [this.#parts.hot, this.#parts.lookups, this.#parts.queries];
    await orStoreError(Promise.all(pools.map((pool) => withClient(pool, (client) => client.query("SELECT 1")))));
  }

  /** PostgreSQL sees to that itself. */
  reclaim(): Promise<boolean> {
    return Promise.resolve(false);
  }

  /** The disk is the server's, and cannot be seen from here. */
  async size(): Promise<StoreSize> {
    const { rows } = await sql<{ bytes: number }>`
      SELECT coalesce(sum(pg_table_size(oid) + pg_indexes_size(oid)), 0) AS bytes FROM pg_class
      WHERE relnamespace = to_regnamespace(${SCHEMA}) AND relkind = 'r'`.execute(this.hotDb);
    return { bytes: rows[0]!.bytes, freeBytes: 0, disk: null };
  }

  lastKey(): Promise<number> {
    return greatestKey(this.db);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#partitionTimer);
    await Promise.all([this.#accepts.close(), this.#records.close(), this.#turn]);
    const { hot, lookups, queries, lock } = this.#parts;
    await this.#notices[Symbol.asyncDispose]();
    await Promise.all([hot.end(), lookups.end(), queries.end()]);
    await lock[Symbol.asyncDispose]();
  }

  #acceptLine(): Line<AcceptEntry, AcceptResult> {
    const { hot, listener } = this.#parts;
    return new Line<AcceptEntry, AcceptResult>({
      whenAway: "refuse",
      onDoubt: () => this.#onDoubt(),
      namesOf: keysOf,
      bytesOf: ({ payload }) => payload.byteLength,
      isAlone: isPaced,
      commit: (entries) => {
        const [first] = entries as readonly [AcceptEntry, ...AcceptEntry[]];
        const accept = isPaced(first)
          ? async () => [await acceptPaced(hot, first)]
          : () => acceptTogether(hot, entries);
        // A message alone whose key somebody else has just taken: the next look sees who it was.
        const raced = entries.length === 1 && keysOf(first).length > 0 ? isUnique : () => false;
        return this.counters.timing("accepts", entries.length, () => this.#trying(entries.at(-1)!.id, accept, raced));
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

  #recordLine(): Line<RecordEntry, void> {
    const { hot, listener } = this.#parts;
    const recording = new AnnouncingRecord();
    return new Line<RecordEntry, void>({
      whenAway: "keep",
      namesOf: (entry) => [nameOf(entry)],
      bytesOf: ({ attempt }) => (attempt === null ? 0 : attempt.response.length + (attempt.detailJson?.length ?? 0)),
      commit: async (entries) => {
        const newest = entries.reduce((key, { attempt }) => Math.max(key, attempt?.id ?? 0), 0);
        const record = () => this.#trying(newest, () => recording.record(hot, entries));
        if (await this.counters.timing("records", entries.length, record)) this.#onAnnounced();
        return entries.map(() => undefined);
      },
      onCommit: (entries) => {
        if (listener?.wanted === true) listener.committed([], entries);
      },
    });
  }

  /** Tries again what lost against another transaction, and what came before its partition. */
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

  async #transact<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await transactOn(this.#writeDb, work);
      } catch (error) {
        if (error instanceof StoreError && error.code === "storage_unavailable") this.#onDoubt();
        if (tries === TRIES || !(error instanceof StoreError) || !isRetryable(error.cause)) throw error;
      }
    }
  }

  async #addPartitions(upTo: number): Promise<void> {
    await withClient(this.#parts.hot, (client) => ensurePartitions(client, Math.max(Date.now(), upTo)));
  }

  #hear(notice: string | null): void {
    if (notice === null) return this.#onOutbox(null);
    const from = /^outbox (\d+)$/.exec(notice)?.[1];
    if (from !== undefined) this.#onOutbox(Number(from));
  }

  /** A pooler that does not know the schema would have every query fail with a riddle. */
  async #checkSchema(): Promise<void> {
    const { rows } = await orStoreError(
      withClient(this.#parts.queries, (client) =>
        client.query<{ name: string | null }>("SELECT current_schema() AS name"),
      ),
    );
    if (rows[0]!.name === SCHEMA) return;
    throw new StoreError(
      "config_invalid",
      `Connections through POSTHORN_DATABASE_URL begin in the schema ${rows[0]!.name ?? "of nobody"}: with a pooler in between, run ALTER ROLE … SET search_path = ${SCHEMA} once.`,
    );
  }
}

function kyselyOn(pool: pg.Pool, begin: string): Kysely<Database> {
  return new Kysely<Database>({
    dialect: postgresDialect({ begin, lend: () => lend(pool) }),
    // SQLite takes a list with nothing in it.
    plugins: [new HandleEmptyInListsPlugin({ strategy: replaceWithNoncontingentExpression })],
  });
}

function isPaced({ pacing }: AcceptEntry): boolean {
  return pacing !== null && pacing !== undefined;
}

async function prepareDatabase(url: string): Promise<void> {
  const client = new pg.Client(clientConfig({ url, use: "coordination" }));
  client.on("error", () => undefined);
  try {
    await client.connect();
    await refuseHalfCopy(client);
    await migrate(client, Date.now());
    await ensurePartitions(client, Date.now());
  } catch (error) {
    throw toStoreError(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function orStoreError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw toStoreError(error);
  }
}
