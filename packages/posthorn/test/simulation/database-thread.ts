/** Replaces a thread of the database: requests are executed on a connection in virtual time, or fail. */
import type { DatabaseSync } from "node:sqlite";
import { failureOf, type Handler } from "../../src/store/sqlite/reader.ts";
import type { Lease } from "../../src/store/delivery.ts";
import type { DatabaseThread, ThreadFailure, ThreadRequest, ThreadResults } from "../../src/store/sqlite/protocol.ts";
import { toStoreError } from "../../src/store/sqlite/thread-client.ts";
import { fenced } from "./cluster/fences.ts";
import { unavailable, type WayWeather } from "./cluster/link.ts";
import type { Random } from "./random.ts";
import type { WriteTurns } from "./write-turns.ts";
import type { VirtualTime } from "./virtual-time.ts";
import type { Client, Commit, CommitWatcher } from "./commits.ts";

/** Maximum delay of a late response to a query, in milliseconds. */
const LATE_MS = 200;
/** Name of the database in errors, since its path differs in each run. */
export const NAME = "posthorn.db";
/** Time after which the database ends an idle transaction, as `beginWrite` of the PostgreSQL store configures. */
const IDLE_MS = 15_000;
/** Timeout of requests to a database that does not respond. */
const RESPONSE_MS = 2000;
/** Error of SQLite on a failing disk. */
const DISK_FAILED: ThreadFailure = { message: "disk I/O error (simulated)", sqliteCode: 10 };

export interface ThreadWorld {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly client: Client;
  readonly late: () => number;
  readonly way: () => WayWeather;
}

export interface Writing {
  readonly connection: DatabaseSync;
  readonly turns: WriteTurns;
  readonly onCommit: CommitWatcher;
}

interface Waiting {
  readonly request: ThreadRequest;
  /** Leases of the outcomes in the request. */
  readonly leases: readonly (Lease | undefined)[];
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Executes one request at a time, in order, each after a latency. The results of reads can arrive even later. */
export class SimulatedThread implements DatabaseThread {
  readonly #world: ThreadWorld;
  readonly #handler: Handler;
  readonly #writing: Writing | null;
  readonly #line: Waiting[] = [];
  #busy = false;
  /** The database has ended its transaction: requests fail until the caller rolls it back too. */
  #ended = false;
  #cancelIdle: () => void = () => undefined;

  constructor(world: ThreadWorld, handler: Handler, writing: Writing | null) {
    this.#world = world;
    this.#handler = handler;
    this.#writing = writing;
  }

  get load(): number {
    return this.#line.length;
  }

  request<Op extends ThreadRequest["op"]>(request: Extract<ThreadRequest, { op: Op }>): Promise<ThreadResults[Op]> {
    const leases = this.#world.client.fences?.next(request) ?? [];
    return new Promise((resolve, reject) => {
      this.#line.push({ request, leases, resolve: resolve as (value: unknown) => void, reject });
      if (!this.#busy) this.#next();
    });
  }

  async close(): Promise<void> {
    await this.request<"close">({ op: "close" });
  }

  #next(): void {
    const waiting = this.#line[0];
    this.#busy = waiting !== undefined;
    if (waiting === undefined) return;
    const { time, random, client, way } = this.#world;
    const [least, most] = way().latency;
    time.after(client.serverLife, random.span(10 * least, 10 * most) / 10, () => this.#perform(waiting));
  }

  /** Executes the request once no other thread writes. */
  #perform(waiting: Waiting): void {
    const { request } = waiting;
    const { time, random, client, way } = this.#world;
    const { refuses, silent } = way();
    // The process closed the store while this request was waiting.
    if (this.#writing?.connection.isOpen === false) return this.#respond(() => waiting.reject(this.#failure()));
    if (this.#writing !== null && changes(request, this.#writing.connection)) {
      if (!this.#writing.turns.take(this.#writing.connection, () => this.#perform(waiting))) return;
    }
    const isSure = request.op === "close" || isRollback(request);
    if (!isSure && (silent || random.chance(refuses) || this.#ended)) {
      this.#settleTurn();
      time.after(client.serverLife, silent ? RESPONSE_MS : 0, () =>
        this.#respond(() => waiting.reject(this.#failure())),
      );
      return;
    }
    this.#ended &&= !isRollback(request);
    this.#do(waiting);
  }

  /** Executes a request. A commit is confirmed a little later, so that a process can die in between. */
  #do(waiting: Waiting): void {
    const { request, resolve, reject } = waiting;
    const { time, random, client, late, way } = this.#world;
    const lost = isCommit(request) && random.chance(way().loses);
    if (lost && random.chance(0.5)) {
      this.#settleTurn();
      this.#respond(() => reject(this.#failure()));
      return;
    }
    const outcome = this.#handle(waiting);
    const commit = this.#committed(request);
    this.#settleTurn();
    const settle = (): void => {
      const isHeard = !lost && !(commit !== null && way().silent);
      if (commit !== null) {
        Object.assign(commit, { answeredAt: time.elapsed, confirmed: isHeard && "value" in outcome });
      }
      if (!isHeard) reject(this.#failure());
      else if ("value" in outcome) resolve(outcome.value);
      else reject(toStoreError(outcome.failure, NAME));
    };
    // One of many connections: others may read the commit before its caller learns of it.
    const isBesideOthers = this.#writing === null || (client.fences !== null && request.op === "batch");
    if (isBesideOthers && random.chance(late())) this.#respondLate(settle);
    else if (commit !== null) time.after(client.serverLife, way().latency[0], () => this.#respond(settle));
    else this.#respond(settle);
  }

  /** Responds late, while further requests are executed. */
  #respondLate(settle: () => void): void {
    const { time, random, client } = this.#world;
    time.after(client.life, random.span(1, LATE_MS), settle);
    this.#respond(() => undefined);
  }

  #respond(settle: () => void): void {
    const { time, client } = this.#world;
    time.tell(client.life, () => {
      this.#line.shift();
      settle();
      this.#next();
    });
  }

  #failure(): Error {
    return this.#world.client.fences === null ? toStoreError(DISK_FAILED, NAME) : unavailable();
  }

  #handle({ request, leases }: Waiting): { readonly value: unknown } | { readonly failure: ThreadFailure } {
    const { fences } = this.#world.client;
    try {
      const value =
        request.op === "batch" && fences !== null
          ? fenced(request.batch, leases.map(fences.holds), (batch) => this.#handler({ op: "batch", batch }))
          : this.#handler(request);
      return { value };
    } catch (error) {
      return { failure: failureOf(error) };
    }
  }

  #committed(request: ThreadRequest): Commit | null {
    if (this.#writing === null) return null;
    const { connection, onCommit } = this.#writing;
    if (!isCommit(request) || connection.isTransaction) return null;
    const { time, client } = this.#world;
    const commit: Commit = { run: client.run, at: time.elapsed, answeredAt: null, confirmed: false };
    onCommit(commit);
    return commit;
  }

  /** Releases the write lock unless a transaction is open. An idle one is ended after a while. */
  #settleTurn(): void {
    if (this.#writing === null) return;
    const { connection, turns } = this.#writing;
    this.#cancelIdle();
    if (!connection.isOpen || !connection.isTransaction) return turns.end(connection);
    const { time, client } = this.#world;
    if (client.fences === null) return;
    this.#cancelIdle = time.after(client.serverLife, IDLE_MS, () => {
      connection.exec("ROLLBACK");
      this.#ended = true;
      turns.end(connection);
    });
  }
}

/** Whether a request writes, or starts a write transaction. */
function changes(request: ThreadRequest, connection: DatabaseSync): boolean {
  if (request.op === "query") return !connection.isTransaction && !isRollback(request);
  return request.op === "batch" || request.op === "reclaim";
}

function isCommit(request: ThreadRequest): boolean {
  return request.op === "batch" || (request.op === "query" && request.sql === "COMMIT");
}

/** A rollback always works: losing the connection rolls back too. */
function isRollback(request: ThreadRequest): boolean {
  return request.op === "query" && request.sql === "ROLLBACK";
}
