/**
 * A database whose threads are not threads: what they do is done on real SQLite connections, when virtual time says so, and fails when
 * the simulation says so.
 *
 * The file is in memory where the system has such a place. A process that is killed loses its connections, and with them what it had
 * not committed; what it had committed is there for the next one. Several processes can have connections: of their write transactions
 * one is open at a time.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { failureOf, type Handler, readerOn, writerOn } from "../../src/store/sqlite/connection.ts";
import { migrate } from "../../src/store/sqlite/migrate.ts";
import type { Lease } from "../../src/store/cluster.ts";
import type { DatabaseThread, ThreadFailure, ThreadRequest, ThreadResults } from "../../src/store/sqlite/protocol.ts";
import { toStoreError } from "../../src/store/sqlite/thread-client.ts";
import { type Fences, fenced } from "./cluster/fences.ts";
import { unavailable, type WayWeather } from "./cluster/link.ts";
import type { Random } from "./random.ts";
import { WriteTurns } from "./write-turns.ts";
import type { Life, VirtualTime } from "./virtual-time.ts";

/** How the database is now. */
export interface DatabaseWeather {
  /** Milliseconds that a request takes at least, and at most. */
  readonly latency: readonly [number, number];
  /**
   * Part of the reads whose answer takes long to arrive, while others go on and commits are made: it shows what was there when it was
   * read. Where several nodes share the database, part of the commits too.
   */
  readonly late: number;
  /** Part of the requests that are refused: nothing was done, and the caller is told so. */
  readonly refuses: number;
  /** Part of the commits whose answer is lost: done or not, the caller is told that it failed. */
  readonly loses: number;
}

export const FAIR: DatabaseWeather = { latency: [0.2, 3], late: 0.5, refuses: 0, loses: 0 };

/** A commit that was made. */
export interface Commit {
  /** The run of the process that made it. */
  readonly run: number;
  /** When it was made, in elapsed milliseconds. */
  readonly at: number;
  /** When its answer came, in elapsed milliseconds; `null` while it is under way. */
  answeredAt: number | null;
  /** Whether the answer said that it was made. */
  confirmed: boolean;
}

/** Milliseconds that a late answer to a query takes at most. */
const LATE_MS = 200;

/** Told of each commit of one connection, at the moment it is made. */
export type CommitWatcher = (commit: Commit) => void;

/** A process as the database knows it. */
export interface Client {
  readonly life: Life;
  /** Of what it has asked the database: that goes on while the process stands still. */
  readonly serverLife: Life;
  readonly run: number;
  readonly machine: number;
  /** `null`: nobody else works on the database, and it fails as a disk does. */
  readonly fences: Fences | null;
}

export interface DatabaseOptions {
  readonly time: VirtualTime;
  readonly random: Random;
  /** Run on each connection that writes, once it is open; returns who is told of its commits. */
  readonly watch: (connection: DatabaseSync) => CommitWatcher;
}

/** How errors call the database: its path is another one each time. */
export const NAME = "posthorn.db";
/** Whoever looks at the database beside all processes. */
const NOBODY = 0;
/** A transaction in which nothing happens is ended by the database, as `beginWrite` of the PostgreSQL store asks it to. */
const IDLE_MS = 15_000;
/** A database that does not answer is given up after so long. */
const ANSWER_MS = 2000;
/** What SQLite says of a disk that fails. */
const DISK_FAILED: ThreadFailure = { message: "disk I/O error (simulated)", sqliteCode: 10 };

export class SimulatedDatabase implements Disposable {
  weather: DatabaseWeather = FAIR;
  /** Machines that it cannot be reached from. */
  readonly cutOff = new Set<number>();
  readonly #options: DatabaseOptions;
  readonly #folder = new MemoryFolder();
  readonly #turns = new WriteTurns();
  /** Connections, and the run of the process that has each. */
  readonly #open = new Map<DatabaseSync, number>();

  constructor(options: DatabaseOptions) {
    this.#options = options;
    writeFileSync(this.path, template());
  }

  get path(): string {
    return join(this.#folder.path, NAME);
  }

  /** How it is with the way to it from a machine. */
  way(machine: number): WayWeather {
    return { ...this.weather, silent: this.cutOff.has(machine) };
  }

  /** Opens a connection for one process. */
  thread(role: "reader" | "writer", client: Client): DatabaseThread {
    const connection = this.#connect(role, client.run);
    const { time, random, watch } = this.#options;
    const world = { time, random, client, late: () => this.weather.late, way: () => this.way(client.machine) };
    if (role === "reader") return new SimulatedThread(world, readerOn(connection), null);
    const writing = { connection, turns: this.#turns, onCommit: watch(connection) };
    return new SimulatedThread(world, writerOn(connection), writing);
  }

  /** The process that had connections is gone: what it had begun and not committed is undone. */
  drop(run: number): void {
    for (const [connection, owner] of this.#open) {
      if (owner !== run) continue;
      if (connection.isOpen) connection.close();
      this.#open.delete(connection);
      this.#turns.end(connection);
    }
  }

  /** Looks at what is committed, beside every process. */
  look<T>(read: (connection: DatabaseSync) => T): T {
    const connection = this.#connect("reader", NOBODY);
    const result = read(connection);
    this.drop(NOBODY);
    return result;
  }

  [Symbol.dispose](): void {
    for (const run of new Set(this.#open.values())) this.drop(run);
    this.#folder[Symbol.dispose]();
  }

  #connect(role: "reader" | "writer", run: number): DatabaseSync {
    const connection = new DatabaseSync(this.path, { readOnly: role === "reader" });
    // The end of a process is simulated, that of the machine is not.
    connection.exec("PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY");
    this.#open.set(connection, run);
    return connection;
  }
}

interface ThreadWorld {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly client: Client;
  readonly late: () => number;
  readonly way: () => WayWeather;
}

interface Writing {
  readonly connection: DatabaseSync;
  readonly turns: WriteTurns;
  readonly onCommit: CommitWatcher;
}

interface Waiting {
  readonly request: ThreadRequest;
  /** Of the outcomes in it. */
  readonly leases: readonly (Lease | undefined)[];
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Does one request at a time, in order, each after a while. What was read can arrive later than that. */
class SimulatedThread implements DatabaseThread {
  readonly #world: ThreadWorld;
  readonly #handler: Handler;
  readonly #writing: Writing | null;
  readonly #line: Waiting[] = [];
  #busy = false;
  /** The database has ended its transaction: nothing is done until it is taken back here too. */
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

  /** Does what was asked, once nobody else writes. */
  #perform(waiting: Waiting): void {
    const { request } = waiting;
    const { time, random, client, way } = this.#world;
    const { refuses, silent } = way();
    if (this.#writing !== null && changes(request, this.#writing.connection)) {
      if (!this.#writing.turns.take(this.#writing.connection, () => this.#perform(waiting))) return;
    }
    const isSure = request.op === "close" || isRollback(request);
    if (!isSure && (silent || random.chance(refuses) || this.#ended)) {
      this.#settleTurn();
      time.after(client.serverLife, silent ? ANSWER_MS : 0, () => this.#answer(() => waiting.reject(this.#failure())));
      return;
    }
    this.#ended &&= !isRollback(request);
    this.#do(waiting);
  }

  /** Work that is committed is answered a little later, so that a process can die in between. */
  #do(waiting: Waiting): void {
    const { request, resolve, reject } = waiting;
    const { time, random, client, late, way } = this.#world;
    const lost = isCommit(request) && random.chance(way().loses);
    if (lost && random.chance(0.5)) {
      this.#settleTurn();
      this.#answer(() => reject(this.#failure()));
      return;
    }
    const outcome = this.#handle(waiting);
    const commit = this.#committed(request);
    this.#settleTurn();
    const answer = (): void => {
      const isHeard = !lost && !(commit !== null && way().silent);
      if (commit !== null) {
        Object.assign(commit, { answeredAt: time.elapsed, confirmed: isHeard && "value" in outcome });
      }
      if (!isHeard) reject(this.#failure());
      else if ("value" in outcome) resolve(outcome.value);
      else reject(toStoreError(outcome.failure, NAME));
    };
    // One connection of many: what others read meanwhile shows what its caller does not know of yet.
    const isBesideOthers = this.#writing === null || (client.fences !== null && request.op === "batch");
    if (isBesideOthers && random.chance(late())) this.#answerLate(answer);
    else if (commit !== null) time.after(client.serverLife, way().latency[0], () => this.#answer(answer));
    else this.#answer(answer);
  }

  /** The line goes on meanwhile. */
  #answerLate(answer: () => void): void {
    const { time, random, client } = this.#world;
    time.after(client.life, random.span(1, LATE_MS), answer);
    this.#answer(() => undefined);
  }

  #answer(answer: () => void): void {
    const { time, client } = this.#world;
    time.tell(client.life, () => {
      this.#line.shift();
      answer();
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

  /** Lets others write, unless a transaction goes on; one that stands still is ended. */
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

/** Whether a request writes, or begins to. */
function changes(request: ThreadRequest, connection: DatabaseSync): boolean {
  if (request.op === "query") return !connection.isTransaction && !isRollback(request);
  return request.op === "batch" || request.op === "reclaim";
}

function isCommit(request: ThreadRequest): boolean {
  return request.op === "batch" || (request.op === "query" && request.sql === "COMMIT");
}

/** Taking back always works: a connection that is lost takes back too. */
function isRollback(request: ThreadRequest): boolean {
  return request.op === "query" && request.sql === "ROLLBACK";
}

/** A folder in memory, where there is such a place. */
class MemoryFolder implements Disposable {
  readonly path = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "posthorn-simulation-"));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

let migrated: Buffer | null = null;

/** An empty database with the schema of now. */
function template(): Buffer {
  if (migrated !== null) return migrated;
  using folder = new MemoryFolder();
  const path = join(folder.path, "template.db");
  const connection = new DatabaseSync(path);
  connection.exec("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL");
  migrate(connection);
  connection.close();
  migrated = readFileSync(path);
  return migrated;
}
