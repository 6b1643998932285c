/** Client of a database thread, used by the main thread. */
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { threadFile } from "../../lib/thread-file.ts";
import { StoreError } from "../errors.ts";
import type {
  MemberRequest,
  MemberResults,
  SharedThread,
  ThreadFailure,
  ThreadMessage,
  ThreadOptions,
  ThreadReply,
  ThreadRequest,
  ThreadResults,
} from "./protocol.ts";
import type { WalLoss } from "./wal-loss.ts";

const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_IOERR_SHMSIZE = 10 + 256 * 19;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;
const SQLITE_CONSTRAINT_PRIMARYKEY = 1555;
const SQLITE_CONSTRAINT_UNIQUE = 2067;

export interface ThreadListeners {
  /** Called when the thread ends unexpectedly. */
  readonly onFailure?: ((error: Error) => void) | undefined;
  /** Called before the thread is open if the write-ahead log has lost commits. */
  readonly onWalLoss?: ((loss: WalLoss) => void) | undefined;
  /** Called when a thread that shares this one has ended without closing its store, once everything that it had sent is done. */
  readonly onLost?: (() => void) | undefined;
  /** Called when this thread waited for the idle transaction of another one, which was rolled back. */
  readonly onRolledBack?: ((openMs: number) => void) | undefined;
}

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** Sends requests to one thread and matches its replies, which arrive in the order of the requests. */
export class ThreadClient implements SharedThread {
  readonly #port: Worker | MessagePort;
  /** Resolved when the thread has ended. */
  readonly #ended: Promise<void>;
  readonly #waiting = new Map<number, Waiting>();
  readonly #path: string;
  readonly #listeners: ThreadListeners;
  /** Whether the thread may end without a failure: before it is open, and after `close` was called. */
  #expected = true;
  #lastId = 0;
  #dead: Error | null = null;

  private constructor(port: Worker | MessagePort, path: string, listeners: ThreadListeners) {
    this.#port = port;
    this.#path = path;
    this.#listeners = listeners;
    port.on("message", (message: ThreadMessage) => this.#receive(message));
    this.#ended = new Promise((resolve) => {
      const end = (): void => {
        this.#die(new Error("the database thread ended"));
        resolve();
      };
      if (port instanceof Worker) port.on("error", (error) => this.#die(error)).on("exit", end);
      else port.on("close", end);
    });
  }

  /** Starts a thread. Resolves when a writer has opened its connection and migrated the schema. A reader opens its own with the first request. */
  static async open(options: ThreadOptions, listeners: ThreadListeners = {}): Promise<ThreadClient> {
    const worker = new Worker(threadFile("./thread", import.meta.url), {
      workerData: options,
      name: `posthorn-${options.role}`,
    });
    const client = new ThreadClient(worker, options.path, listeners);
    await new Promise<void>((resolve, reject) => client.#waiting.set(0, { resolve, reject }));
    client.#expected = false;
    return client;
  }

  /** Uses the writer thread of another thread, through a port that it got from there (see `share`). */
  static join(port: MessagePort, path: string, listeners: ThreadListeners): ThreadClient {
    const client = new ThreadClient(port, path, listeners);
    client.#expected = false;
    return client;
  }

  /** Returns a port on which another thread can use this one. */
  share(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.#port.postMessage({ seat: port1 }, [port1]);
    return port2;
  }

  /** Number of outstanding requests. */
  get load(): number {
    return this.#waiting.size;
  }

  request<Op extends ThreadRequest["op"]>(
    request: Extract<ThreadRequest, { op: Op }>,
    transfer: ArrayBuffer[] = [],
  ): Promise<ThreadResults[Op]> {
    return this.#send(request, transfer);
  }

  ask<Op extends MemberRequest["op"]>(request: Extract<MemberRequest, { op: Op }>): Promise<MemberResults[Op]> {
    return this.#send(request, []);
  }

  #send(request: ThreadRequest | MemberRequest, transfer: ArrayBuffer[]): Promise<never> {
    if (this.#dead !== null) return Promise.reject(this.#dead);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#port.postMessage({ id, request }, transfer);
    });
  }

  #receive(message: ThreadMessage): void {
    if ("walLoss" in message) this.#listeners.onWalLoss?.(message.walLoss);
    else if ("lost" in message) this.#listeners.onLost?.();
    else if ("rolledBackAfterMs" in message) this.#listeners.onRolledBack?.(message.rolledBackAfterMs);
    else this.#settle(message);
  }

  async close(): Promise<void> {
    this.#expected = true;
    if (this.#dead !== null) return;
    await this.request<"close">({ op: "close" });
    // The thread has closed its port and ends without `terminate`, which would only add a race.
    await this.#ended;
  }

  #settle({ id, value, failure }: ThreadReply): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (failure === undefined) waiting?.resolve(value as never);
    else waiting?.reject(toStoreError(failure, this.#path));
  }

  #die(cause: Error): void {
    if (this.#dead !== null) return;
    this.#dead = new StoreError("storage_failed", `The database thread stopped: ${cause.message}.`, { cause });
    for (const { reject } of this.#waiting.values()) reject(this.#dead);
    this.#waiting.clear();
    if (!this.#expected) this.#listeners.onFailure?.(this.#dead);
  }
}

/** Converts a failure to a `StoreError` that says in one sentence what the database refused and what to do. */
export function toStoreError(failure: ThreadFailure, path: string): StoreError {
  if (failure.posthornCode !== undefined) return new StoreError(failure.posthornCode, failure.message);
  const cause = new Error(failure.message);
  const code = failure.sqliteCode ?? 0;
  if (code === SQLITE_CONSTRAINT_UNIQUE || code === SQLITE_CONSTRAINT_PRIMARYKEY) {
    return new StoreError("conflict", "A row with the same unique value exists.", { cause, unique: true });
  }
  // SHMSIZE: the index of the write-ahead log could not grow, which means that the disk is full.
  switch (code === SQLITE_IOERR_SHMSIZE ? SQLITE_FULL : code & 0xff) {
    case SQLITE_FULL:
      return new StoreError(
        "storage_full",
        `The disk of ${path} is full. Free some space. No data was partially written.`,
        {
          cause,
          refusesWrites: true,
        },
      );
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return new StoreError(
        "storage_corrupt",
        `The database ${path} is damaged or is not a database. Restore it from a backup.`,
        {
          cause,
          refusesWrites: true,
        },
      );
    case SQLITE_IOERR:
      return new StoreError("storage_failed", `The disk of ${path} failed to read or write: ${failure.message}.`, {
        cause,
        refusesWrites: true,
      });
    case SQLITE_READONLY:
      return new StoreError("storage_failed", `The database ${path} cannot be written: ${failure.message}.`, {
        cause,
        refusesWrites: true,
      });
    default:
      return new StoreError("storage_failed", `The database ${path} refused a statement: ${failure.message}.`, {
        cause,
      });
  }
}
