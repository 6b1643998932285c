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
import { readerOn, writerOn } from "../../src/store/sqlite/connection.ts";
import { migrate } from "../../src/store/sqlite/migrate.ts";
import type { DatabaseThread } from "../../src/store/sqlite/protocol.ts";
import type { WayWeather } from "./cluster/link.ts";
import { NAME, SimulatedThread } from "./database-thread.ts";
import type { Random } from "./random.ts";
import { WriteTurns } from "./write-turns.ts";
import type { VirtualTime } from "./virtual-time.ts";
import type { CommitWatcher, Client } from "./commits.ts";

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

export interface DatabaseOptions {
  readonly time: VirtualTime;
  readonly random: Random;
  /** Run on each connection that writes, once it is open; returns who is told of its commits. */
  readonly watch: (connection: DatabaseSync) => CommitWatcher;
}

/** ID of the observer, which reads the database outside of all processes. */
const OBSERVER = 0;

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
    const connection = this.#connect("reader", OBSERVER);
    const result = read(connection);
    this.drop(OBSERVER);
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
