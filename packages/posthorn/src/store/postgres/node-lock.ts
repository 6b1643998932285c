/** The one connection that a node keeps for itself: it holds the lock that says who works on the database. */
import { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { StoreError } from "../errors.ts";
import { clientConfig } from "./connections.ts";
import { toStoreError } from "./errors.ts";
import { LOCK, tryLockForSession } from "./locks.ts";

const RETRY_MS = 1000;
/** A node that was killed has the lock until PostgreSQL sees that its connection is gone. */
const PATIENCE_MS = 5000;
const ASK_MS = 100;

/**
 * Keeps other nodes away from the database. The lock lives as long as the connection; when that breaks, it is taken again as soon as the
 * database is back, and `onLost` is told when somebody else was quicker.
 */
export class NodeLock implements AsyncDisposable {
  readonly #url: string;
  readonly #timeoutMs: number;
  readonly #onLost: (error: Error) => void;
  #socket: Socket | null = null;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  private constructor(url: string, timeoutMs: number, onLost: (error: Error) => void) {
    this.#url = url;
    this.#timeoutMs = timeoutMs;
    this.#onLost = onLost;
  }

  /** Throws `data_folder_in_use` when another node has the lock. */
  static async take(url: string, timeoutMs: number, onLost: (error: Error) => void): Promise<NodeLock> {
    const lock = new NodeLock(url, timeoutMs, onLost);
    await lock.#take();
    return lock;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    // A server that says nothing does not say goodbye either; one that sees the end of the connection lets go of the lock.
    this.#socket?.destroy();
  }

  async #take(): Promise<void> {
    const config = clientConfig({ url: this.#url, use: "coordination", timeoutMs: this.#timeoutMs });
    const client = new pg.Client({ ...config, stream: () => (this.#socket = new Socket()) });
    client.on("error", () => undefined);
    try {
      await client.connect();
      await this.#waitForLock(client);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw toStoreError(error);
    }
    client.once("end", () => this.#lost());
  }

  async #waitForLock(client: pg.Client): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!(await tryLockForSession(client, LOCK.node))) {
      if (Date.now() > deadline) throw inUse();
      await delay(ASK_MS);
    }
  }

  #lost(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#takeAgain(), RETRY_MS);
  }

  async #takeAgain(): Promise<void> {
    try {
      await this.#take();
    } catch (error) {
      if (error instanceof StoreError && error.code === "data_folder_in_use") this.#onLost(error);
      else this.#lost();
    }
  }
}

function inUse(): StoreError {
  return new StoreError(
    "data_folder_in_use",
    "Another Posthorn node works on this database: stop it first, or give this one a database of its own.",
  );
}
