/**
 * A database whose threads are not threads: what they do is done on real SQLite connections, when virtual time says so, and fails when
 * the simulation says so.
 *
 * The file is in memory where the system has such a place. A process that is killed loses its connections, and with them what it had
 * not committed; what it had committed is there for the next one.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { failureOf, type Handler, readerOn, writerOn } from "../../src/store/sqlite/connection.ts";
import { migrate } from "../../src/store/sqlite/migrate.ts";
import type { DatabaseThread, ThreadFailure, ThreadRequest, ThreadResults } from "../../src/store/sqlite/protocol.ts";
import { toStoreError } from "../../src/store/sqlite/thread-client.ts";
import type { Random } from "./random.ts";
import type { Life, VirtualTime } from "./virtual-time.ts";

/** How the database is now. */
export interface DatabaseWeather {
  /** Milliseconds that a request takes at least, and at most. */
  readonly latency: readonly [number, number];
  /**
   * Part of the reads whose answer takes long to arrive, while others go on and commits are made: it shows what was there when it was
   * read.
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
  /** When its answer came, in elapsed milliseconds; `null` while it is under way. */
  answeredAt: number | null;
  /** Whether the answer said that it was made. */
  confirmed: boolean;
}

/** Milliseconds that a late answer to a query takes at most. */
const LATE_MS = 200;

/** Told of each commit, at the moment it is made, on the connection that made it. */
export type CommitWatcher = (connection: DatabaseSync, commit: Commit) => void;

export interface DatabaseOptions {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly onCommit: CommitWatcher;
  /** Run on each connection that writes, once it is open. */
  readonly onOpen: (connection: DatabaseSync) => void;
}

/** How errors call the database: its path is another one each time. */
export const NAME = "posthorn.db";
/** What SQLite says of a disk that fails. */
const DISK_FAILED: ThreadFailure = { message: "disk I/O error (simulated)", sqliteCode: 10 };

export class SimulatedDatabase implements Disposable {
  weather: DatabaseWeather = FAIR;
  readonly #options: DatabaseOptions;
  readonly #folder = new MemoryFolder();
  readonly #open = new Set<DatabaseSync>();

  constructor(options: DatabaseOptions) {
    this.#options = options;
    writeFileSync(this.path, template());
  }

  get path(): string {
    return join(this.#folder.path, NAME);
  }

  /** Opens a connection for one process. */
  thread(role: "reader" | "writer", { life, run }: { readonly life: Life; readonly run: number }): DatabaseThread {
    const connection = this.#connect(role);
    if (role === "writer") this.#options.onOpen(connection);
    const handler = role === "writer" ? writerOn(connection) : readerOn(connection);
    const { time, random, onCommit } = this.#options;
    const world = { time, random, life, weather: () => this.weather };
    return new SimulatedThread(world, handler, role === "writer" ? { connection, run, onCommit } : null);
  }

  /** The process that had connections is gone: what it had begun and not committed is undone. */
  drop(): void {
    for (const connection of this.#open) if (connection.isOpen) connection.close();
    this.#open.clear();
  }

  /** Looks at what is committed, beside every process. */
  look<T>(read: (connection: DatabaseSync) => T): T {
    const connection = this.#connect("reader");
    const result = read(connection);
    connection.close();
    this.#open.delete(connection);
    return result;
  }

  [Symbol.dispose](): void {
    this.drop();
    this.#folder[Symbol.dispose]();
  }

  #connect(role: "reader" | "writer"): DatabaseSync {
    const connection = new DatabaseSync(this.path, { readOnly: role === "reader" });
    // The end of a process is simulated, that of the machine is not.
    connection.exec("PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY");
    this.#open.add(connection);
    return connection;
  }
}

interface ThreadWorld {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly life: Life;
  readonly weather: () => DatabaseWeather;
}

interface Writing {
  readonly connection: DatabaseSync;
  readonly run: number;
  readonly onCommit: CommitWatcher;
}

interface Waiting {
  readonly request: ThreadRequest;
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

  constructor(world: ThreadWorld, handler: Handler, writing: Writing | null) {
    this.#world = world;
    this.#handler = handler;
    this.#writing = writing;
  }

  get load(): number {
    return this.#line.length;
  }

  request<Op extends ThreadRequest["op"]>(request: Extract<ThreadRequest, { op: Op }>): Promise<ThreadResults[Op]> {
    return new Promise((resolve, reject) => {
      this.#line.push({ request, resolve: resolve as (value: unknown) => void, reject });
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
    const { time, random, life, weather } = this.#world;
    const [least, most] = weather().latency;
    time.after(life, random.span(10 * least, 10 * most) / 10, () => this.#perform(waiting));
  }

  /** Does what was asked. Work that is committed is answered a little later, so that a process can die in between. */
  #perform({ request, resolve, reject }: Waiting): void {
    const { time, random, life, weather } = this.#world;
    const { refuses, loses } = weather();
    const fails = request.op !== "close" && !isRollback(request) && random.chance(refuses);
    const lost = isCommit(request) && random.chance(loses);
    if (fails || (lost && random.chance(0.5))) {
      this.#answer(() => reject(toStoreError(DISK_FAILED, NAME)));
      return;
    }
    const outcome = this.#handle(request);
    const commit = this.#committed(request);
    const answer = (): void => {
      if (commit !== null) Object.assign(commit, { answeredAt: time.elapsed, confirmed: !lost && "value" in outcome });
      if (lost) reject(toStoreError(DISK_FAILED, NAME));
      else if ("value" in outcome) resolve(outcome.value);
      else reject(toStoreError(outcome.failure, NAME));
    };
    if (commit !== null) time.after(life, weather().latency[0], () => this.#answer(answer));
    else if (this.#writing === null && random.chance(weather().late)) this.#answerLate(answer);
    else this.#answer(answer);
  }

  /** The line goes on meanwhile. */
  #answerLate(answer: () => void): void {
    const { time, random, life } = this.#world;
    time.after(life, random.span(1, LATE_MS), answer);
    this.#answer(() => undefined);
  }

  #answer(answer: () => void): void {
    this.#line.shift();
    answer();
    this.#next();
  }

  #handle(request: ThreadRequest): { readonly value: unknown } | { readonly failure: ThreadFailure } {
    try {
      return { value: this.#handler(request) };
    } catch (error) {
      return { failure: failureOf(error) };
    }
  }

  #committed(request: ThreadRequest): Commit | null {
    if (this.#writing === null) return null;
    const { connection, run, onCommit } = this.#writing;
    if (!isCommit(request) || connection.isTransaction) return null;
    const commit: Commit = { run, answeredAt: null, confirmed: false };
    onCommit(connection, commit);
    return commit;
  }
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
