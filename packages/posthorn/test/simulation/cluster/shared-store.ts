/**
 * The store of one node among several that share the simulated database: SQLite for the data, plus what PostgreSQL adds
 * where nodes share it: membership slots, shards, fences and notifications. The same tests cover both: `test/cluster-store.test.ts`.
 */
import { type Kysely, sql } from "kysely";
import type { DatabaseSync } from "node:sqlite";
import { WEBHOOK_KIND } from "../../../src/destinations/kinds.ts";
import type { ClusterStore, NodeFacts, NodeReport } from "../../../src/store/cluster.ts";
import type { Database } from "../../../src/store/schema.ts";
import type { Signal, SignalListener } from "../../../src/store/signal.ts";
import { kindsByShard, shardOf } from "../../../src/store/shards.ts";
import { fromPayload, toPayloads } from "../../../src/store/signal-text.ts";
import { batchMembers, keptBatches } from "../../../src/store/delivery-batches.ts";
import { SqliteStore, type SqliteThreads } from "../../../src/store/sqlite/sqlite-store.ts";
import { unpackPage } from "../../../src/store/sqlite/packed-page.ts";
import type { DatabaseThread } from "../../../src/store/sqlite/protocol.ts";
import type { BatchStore, JobPage, PageSelection, Outcome } from "../../../src/store/delivery.ts";
import type { Bus } from "./bus.ts";
import type { Coordination } from "./coordination.ts";
import { type Fences, LOST } from "./fences.ts";
import { NAME } from "../database-thread.ts";
import { toStoreError } from "../../../src/store/sqlite/thread-client.ts";
import { ask, type LinkWorld, SimulatedLink, type WayWeather } from "./link.ts";
import type { Tx } from "../../../src/store/tx.ts";

/** Notifications outside of transactions are collected for this long, as in `store/postgres/signals.ts`. */
const GATHER_MS = 10;
/** Interval at which callers that wait for the database check whether it is available. */
const LOOK_MS = 200;

export interface SharedOptions extends LinkWorld {
  readonly threads: SqliteThreads;
  /** Reads due pages concurrently with the writers. */
  readonly pages: DatabaseThread;
  readonly coordination: Coordination;
  readonly fences: Fences;
  readonly bus: Bus;
  /** State of the connection on which the node receives notifications. */
  readonly linkWay: () => WayWeather;
  /** Identifies this node among the recipients of a notification. */
  readonly by: string;
}

export class SharedStore extends SqliteStore {
  override readonly cluster: ClusterStore;
  readonly #options: SharedOptions;
  #listener: SignalListener = () => undefined;
  #onUnknownCommit: () => void = () => undefined;
  #onNotificationState: (up: boolean) => void = () => undefined;
  #waiting: Signal[] = [];
  /** Outcomes that were submitted and not confirmed yet. */
  readonly #recording = new Set<Promise<void>>();

  constructor(options: SharedOptions) {
    super(options.threads);
    this.#options = options;
    const { linkWay } = options;
    const link = new SimulatedLink({ ...options, way: linkWay }, (up) => this.#onNotificationState(up));
    this.cluster = this.#clusterOn(link);
    const { bus, life } = options;
    bus.listen({
      life,
      hears: () => link.hears,
      silent: () => linkWay().silent,
      onMessage: (payload) => this.#onMessage(payload),
    });
  }

  /** As on PostgreSQL, a batch is stored in the transaction that checks the lease. */
  override readonly batches: BatchStore = {
    list: (endpointId) => keptBatches(this.hotDb, endpointId),
    members: (endpointId, messageIds) => batchMembers(this.hotDb, "min", endpointId, messageIds),
    keep: ({ id, endpointId, messageIds }, lease, ended) =>
      super.transaction(async ({ db }) => {
        if (!this.#options.fences.holds(lease)) throw toStoreError(LOST, NAME);
        const message_ids_json = JSON.stringify(messageIds);
        await db.insertInto("delivery_batch").values({ id, endpoint_id: endpointId, message_ids_json }).execute();
        if (ended.length > 0) await db.deleteFrom("delivery_batch").where("id", "in", ended).execute();
      }),
  };

  override record(entry: Outcome): Promise<void> {
    this.#options.fences.push(entry.lease);
    return this.#noted(super.record(entry));
  }

  override recordAll(entries: readonly Outcome[]): Promise<void> {
    for (const { lease } of entries) this.#options.fences.push(lease);
    return this.#noted(super.recordAll(entries));
  }

  #noted(recorded: Promise<void>): Promise<void> {
    const ended = recorded.then(
      () => undefined,
      () => undefined,
    );
    this.#recording.add(ended);
    void ended.then(() => this.#recording.delete(ended));
    return recorded;
  }

  /** Shows committed rows, even if their writer does not know yet that they are committed. */
  override async due(endpointId: number, now: number, limit: number, selection?: PageSelection): Promise<JobPage> {
    await Promise.all(this.#recording);
    const asked = { endpointId, now, newestDue: this.newestDue, limit, selection: selection ?? null };
    return unpackPage(await this.#options.pages.request<"due">({ op: "due", ...asked }));
  }

  override transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const { by } = this.#options;
    return super.transaction(async ({ db, signal }) => {
      const signals: Signal[] = [];
      const result = await work({
        db,
        signal: (...more) => {
          signals.push(...more);
          signal(...more);
        },
      });
      for (const payload of toPayloads(by, signals)) await noteIn(db, payload);
      return result;
    });
  }

  override onSignal(listener: SignalListener): void {
    super.onSignal(listener);
    this.#listener = listener;
  }

  override onUnknownCommit(listener: () => void): void {
    super.onUnknownCommit(listener);
    this.#onUnknownCommit = listener;
  }

  override signal(...signals: readonly Signal[]): void {
    const { time, life } = this.#options;
    if (this.#waiting.length === 0) time.after(life, GATHER_MS, () => this.#tell());
    this.#waiting.push(...signals);
  }

  override async whenAvailable(): Promise<void> {
    const { time, life, way } = this.#options;
    while (way().silent) await time.delay(life, LOOK_MS);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.#tell();
    await super[Symbol.asyncDispose]();
    await this.#options.pages.close();
  }

  #tell(): void {
    const { bus, by, way } = this.#options;
    const payloads = toPayloads(by, this.#waiting);
    this.#waiting = [];
    if (!way().silent) for (const payload of payloads) bus.told(payload);
  }

  #onMessage(payload: string): void {
    const { by, signals, unknown } = fromPayload(payload);
    if (by === this.#options.by) return;
    this.#listener(signals, "elsewhere");
    if (unknown) this.#onUnknownCommit();
  }

  /** Lease renewals and views go through the dedicated connection; all other calls do not. */
  #clusterOn(link: SimulatedLink): ClusterStore {
    const { coordination } = this.#options;
    const call = <T>(work: () => T): Promise<T> => ask(this.#options, work);
    const view = () => ({
      at: this.#options.time.utc,
      nodes: coordination.nodes(),
      shards: coordination.shards(),
    });
    return {
      join: (facts: NodeFacts, leaseMs: number) => call(() => coordination.join(facts, leaseMs)),
      renew: (nodeId: number, leaseMs: number, report: NodeReport) =>
        link.query(() => (coordination.renew(nodeId, leaseMs, report) ? view() : null)),
      view: () => link.query(view),
      kindsByShard: async (kinds) => {
        const rows = await this.hotDb
          .selectFrom("endpoint")
          .select(["id", "kind"])
          .where("kind", "in", kinds)
          .where("kind", "<>", WEBHOOK_KIND)
          .where("deleted_at", "is", null)
          .execute();
        return kindsByShard(rows.map(({ id, kind }) => ({ shard: shardOf(id), kind })));
      },
      take: (nodeId, shards, expired) => call(() => coordination.take(nodeId, shards, expired)),
      release: (nodeId, shards) => call(() => coordination.release(nodeId, shards)),
      leave: (nodeId) => call(() => coordination.leave(nodeId)),
      onNotificationState: (listener) => {
        this.#onNotificationState = listener;
        if (!link.hears) listener(false);
      },
    };
  }
}

/** Notifications of a transaction are sent with its commit, or dropped with its rollback. */
async function noteIn(db: Kysely<Database>, payload: string): Promise<void> {
  await sql`INSERT INTO temp.notice (payload) VALUES (${payload})`.execute(db);
}

/** Collects the notifications of this connection's transactions. Returns a function that returns and clears those of committed ones. */
export function noticesOf(connection: DatabaseSync): () => readonly string[] {
  connection.exec("CREATE TEMP TABLE notice (seq INTEGER PRIMARY KEY, payload TEXT NOT NULL)");
  const read = connection.prepare("SELECT payload FROM temp.notice ORDER BY seq");
  const clear = connection.prepare("DELETE FROM temp.notice");
  return () => {
    const rows = read.all() as { payload: string }[];
    if (rows.length > 0) clear.run();
    return rows.map(({ payload }) => payload);
  };
}
