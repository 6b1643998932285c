/** A database thread that starts with its first request: a server without traffic saves its CPU time at the start and 10 MiB of memory. */
import { StoreError } from "../errors.ts";
import type { DatabaseThread, ThreadRequest, ThreadResults } from "./protocol.ts";

export class LateThread implements DatabaseThread {
  readonly #open: () => Promise<DatabaseThread>;
  #started: Promise<DatabaseThread> | null = null;
  #opened: DatabaseThread | null = null;
  #hasFailed = false;
  #isClosed = false;
  /** Requests that wait until the thread is open. */
  #waiting = 0;

  /** @param open Starts the thread. Called again with the next request if it rejects. */
  constructor(open: () => Promise<DatabaseThread>) {
    this.#open = open;
  }

  get isStarted(): boolean {
    return this.#started !== null || this.#hasFailed;
  }

  get load(): number {
    return this.#opened?.load ?? this.#waiting;
  }

  request<Op extends ThreadRequest["op"]>(
    request: Extract<ThreadRequest, { op: Op }>,
    transfer?: ArrayBuffer[],
  ): Promise<ThreadResults[Op]> {
    return this.#opened === null ? this.#requestOnceOpen(request, transfer) : this.#opened.request(request, transfer);
  }

  async #requestOnceOpen<Op extends ThreadRequest["op"]>(
    request: Extract<ThreadRequest, { op: Op }>,
    transfer?: ArrayBuffer[],
  ): Promise<ThreadResults[Op]> {
    if (this.#isClosed) throw new StoreError("storage_failed", "The database is closed.");
    this.#waiting++;
    try {
      const thread = await (this.#started ??= this.#start());
      return await thread.request(request, transfer);
    } finally {
      this.#waiting--;
    }
  }

  async #start(): Promise<DatabaseThread> {
    try {
      return (this.#opened = await this.#open());
    } catch (error) {
      this.#started = null;
      this.#hasFailed = true;
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    // A thread that could not be opened has rejected its requests, and leaves nothing to close.
    const thread = await this.#started?.catch(() => null);
    await thread?.close();
  }
}
