/**
 * A database without threads: requests are executed on real SQLite connections in virtual time, and fail when
 * the simulation decides.
 *
 * The file is in memory where the system has a memory file system. A killed process loses its connections and with them what it had
 * not committed; its commits remain for the next process. Several processes can have connections, and of their write transactions
 * one is open at a time.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { writerOn } from "../../src/store/sqlite/connection.ts";
import { readerOn } from "../../src/store/sqlite/reader.ts";
import type { DatabaseThread } from "../../src/store/sqlite/protocol.ts";
import { emptyDatabase } from "../support/empty-database.ts";
import type { WayWeather } from "./cluster/link.ts";
import { NAME, SimulatedThread } from "./database-thread.ts";
import type { Random } from "./random.ts";
import { WriteTurns } from "./write-turns.ts";
import type { VirtualTime } from "./virtual-time.ts";
import type { CommitWatcher, Client } from "./commits.ts";

/** Current condition of the database. */
export interface DatabaseConditions {
  /** Minimum and maximum duration of a request, in milliseconds. */
  readonly latency: readonly [number, number];
  /**
   * Share of reads whose response arrives late, while others read and commit: it contains the data from when it was
   * read. Where several nodes share the database, also the share of commits with a late response.
   */
  readonly late: number;
  /** Share of requests that are rejected: nothing was done, and the caller receives an error. */
  readonly refuses: number;
  /** Share of commits whose response is lost: committed or not, the caller receives an error. */
  readonly loses: number;
}

export const FAIR: DatabaseConditions = { latency: [0.2, 3], late: 0.5, refuses: 0, loses: 0 };

export interface DatabaseOptions {
  readonly time: VirtualTime;
  readonly random: Random;
  /** Called with each new writing connection. Returns the callback for its commits. */
  readonly watch: (connection: DatabaseSync) => CommitWatcher;
}

/** ID of the observer, which reads the database outside of all processes. */
const OBSERVER = 0;

export class SimulatedDatabase implements Disposable {
  conditions: DatabaseConditions = FAIR;
  /** Machines from which the database cannot be reached. */
  readonly cutOff = new Set<number>();
  readonly #options: DatabaseOptions;
  readonly #folder = new MemoryFolder();
  readonly #turns = new WriteTurns();
  /** Open connections, each with the run of its process. */
  readonly #open = new Map<DatabaseSync, number>();

  constructor(options: DatabaseOptions) {
    this.#options = options;
    writeFileSync(this.path, emptyDatabase());
  }

  get path(): string {
    return join(this.#folder.path, NAME);
  }

  /** Condition of the database and of the network to it from a machine. */
  way(machine: number): WayWeather {
    return { ...this.conditions, silent: this.cutOff.has(machine) };
  }

  /** Opens a connection for one process. */
  thread(role: "reader" | "writer", client: Client): DatabaseThread {
    const connection = this.#connect(role, client.run);
    const { time, random, watch } = this.#options;
    const world = { time, random, client, late: () => this.conditions.late, way: () => this.way(client.machine) };
    if (role === "reader") return new SimulatedThread(world, readerOn(connection), null);
    const writing = { connection, turns: this.#turns, onCommit: watch(connection) };
    return new SimulatedThread(world, writerOn(connection), writing);
  }

  /** Opens a writing connection that the caller uses itself. */
  connectWriter(run: number): { readonly connection: DatabaseSync; readonly onCommit: CommitWatcher } {
    const connection = this.#connect("writer", run);
    return { connection, onCommit: this.#options.watch(connection) };
  }

  /** Closes the connections of a process that has ended, which rolls back its open transactions. */
  drop(run: number): void {
    for (const [connection, owner] of this.#open) {
      if (owner !== run) continue;
      if (connection.isOpen) connection.close();
      this.#open.delete(connection);
      this.#turns.end(connection);
    }
  }

  /** Reads committed data, independently of the processes. */
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
    // Crashes of processes are simulated, but not of the machine.
    connection.exec("PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY");
    this.#open.set(connection, run);
    return connection;
  }
}

/** A folder in memory, where the system has a memory file system. */
class MemoryFolder implements Disposable {
  readonly path = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "posthorn-simulation-"));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
