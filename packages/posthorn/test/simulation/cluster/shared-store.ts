/**
 * The store of one node among several that share the simulated database: SQLite for what is stored, and beside it what PostgreSQL adds
 * where nodes share it: seats, shards, fences and notifications. The same tests hold for both: `test/cluster-store.test.ts`.
 */
import { type Kysely, sql } from "kysely";
import type { DatabaseSync } from "node:sqlite";
import type { ClusterStore, NodeFacts, NodeReport } from "../../../src/store/cluster.ts";
import type { Database } from "../../../src/store/schema.ts";
import type { Signal, SignalListener } from "../../../src/store/signal.ts";
import { fromPayload, toPayloads } from "../../../src/store/signal-text.ts";
import { SqliteStore, type SqliteThreads } from "../../../src/store/sqlite/sqlite-store.ts";
import type { DatabaseThread } from "../../../src/store/sqlite/protocol.ts";
import type { DuePage, PageWish, RecordEntry } from "../../../src/store/store.ts";
import type { Bus } from "./bus.ts";
import type { Coordination } from "./coordination.ts";
import type { Fences } from "./fences.ts";
import { ask, type LinkWorld, SimulatedLink, type WayWeather } from "./link.ts";
import type { Tx } from "../../../src/store/tx.ts";

/** What is told outside of transactions is gathered for so long, as in `store/postgres/signals.ts`. */
const GATHER_MS = 10;
/** How often somebody who waits for the database looks whether it is there. */
const LOOK_MS = 200;

export interface SharedOptions extends LinkWorld {
  readonly threads: SqliteThreads;
  /** Reads pages of what is due, beside those who write. */
  readonly pages: DatabaseThread;
  readonly coordination: Coordination;
  readonly fences: Fences;
  readonly bus: Bus;
  /** How it is with the connection on which the node hears the others. */
  readonly linkWay: () => WayWeather;
  /** Names this node to itself among those who are told. */
  readonly by: string;
}

export class SharedStore extends SqliteStore {
  override readonly cluster: ClusterStore;
  readonly #options: SharedOptions;
  #listener: SignalListener = () => undefined;
  #onDoubt: () => void = () => undefined;
  #onHearing: (hears: boolean) => void = () => undefined;
  #waiting: Signal[] = [];
  /** Outcomes that were handed in and not answered. */
  readonly #recording = new Set<Promise<void>>();

  constructor(options: SharedOptions) {
    super(options.threads);
    this.#options = options;
    const { linkWay } = options;
    const link = new SimulatedLink({ ...options, way: linkWay }, (hears) => this.#onHearing(hears));
    this.cluster = this.#clusterOn(link);
    const { bus, life } = options;
    bus.listen({
      life,
      hears: () => link.hears,
      silent: () => linkWay().silent,
      onMessage: (payload) => this.#hear(payload),
    });
  }

  override record(entry: RecordEntry): Promise<void> {
    this.#options.fences.push(entry.lease);
    const recorded = super.record(entry);
    const ended = recorded.then(
      () => undefined,
      () => undefined,
    );
    this.#recording.add(ended);
    void ended.then(() => this.#recording.delete(ended));
    return recorded;
  }

  /** Shows what is committed, though those who stored it may not have been told so. */
  override async due(endpointId: number, now: number, limit: number, wish?: PageWish): Promise<DuePage> {
    await Promise.all(this.#recording);
    return this.#options.pages.request<"due">({
      op: "due",
      endpointId,
      now,
      newestDue: this.newestDue,
      limit,
      wish: wish ?? null,
    });
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

  override onDoubt(listener: () => void): void {
    super.onDoubt(listener);
    this.#onDoubt = listener;
  }

  override signal(...signals: readonly Signal[]): void {
    const { time, life } = this.#options;
    if (this.#waiting.length === 0) time.after(life, GATHER_MS, () => this.#tell());
    this.#waiting.push(...signals);
  }

  override async whenHere(): Promise<void> {
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

  #hear(payload: string): void {
    const { by, signals, unknown } = fromPayload(payload);
    if (by === this.#options.by) return;
    this.#listener(signals, "elsewhere");
    if (unknown) this.#onDoubt();
  }

  /** What changes hands goes its own way; the word that a node is there, and what it hears, go through the link. */
  #clusterOn(link: SimulatedLink): ClusterStore {
    const { coordination } = this.#options;
    const call = <T>(work: () => T): Promise<T> => ask(this.#options, work);
    return {
      join: (facts: NodeFacts, leaseMs: number) => call(() => coordination.join(facts, leaseMs)),
      renew: (nodeId: number, leaseMs: number, report: NodeReport) =>
        link.query(() => coordination.renew(nodeId, leaseMs, report)),
      view: async () => {
        // Two statements: something can change in between.
        const [nodes, shards] = await Promise.all([
          link.query(() => coordination.nodes()),
          link.query(() => coordination.shards()),
        ]);
        return { at: this.#options.time.utc, nodes, shards };
      },
      take: (nodeId, shards, bury) => call(() => coordination.take(nodeId, shards, bury)),
      release: (nodeId, shards) => call(() => coordination.release(nodeId, shards)),
      leave: (nodeId) => call(() => coordination.leave(nodeId)),
      onHearing: (listener) => {
        this.#onHearing = listener;
      },
    };
  }
}

/** What a transaction tells is told with its commit, and forgotten with it. */
async function noteIn(db: Kysely<Database>, payload: string): Promise<void> {
  await sql`INSERT INTO temp.notice (payload) VALUES (${payload})`.execute(db);
}

/** Notes, from now on, what the transactions of this connection tell. Returns what gives, and forgets, what those told that have committed. */
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
