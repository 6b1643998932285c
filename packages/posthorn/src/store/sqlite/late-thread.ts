/**
 * A database thread that starts when it is needed: with its first request, or once another thread cannot take its requests. A server without
 * much traffic saves its CPU time at the start and 8 MiB of memory.
 */
import { StoreError } from "../errors.ts";
import type { DatabaseThread, ThreadRequest, ThreadResults } from "./protocol.ts";

/**
 * How long a request waits for the other thread until this one is started. Look-ups take less than a millisecond, so the other thread is
 * probably working on a list.
 */
const WAIT_MS = 10;

export class LateThread implements DatabaseThread {
  readonly #open: () => Promise<DatabaseThread>;
  readonly #other: DatabaseThread | null;
  #started: Promise<DatabaseThread> | null = null;
  #opened: DatabaseThread | null = null;
  #hasFailed = false;
  #isClosed = false;
  /** Requests that wait until the thread is open. */
  #waiting = 0;

  /**
   * @param open Starts the thread. Called again with the next request if it rejects.
   * @param other Gets the requests as long as it responds to them at once; `null`: there is none.
   */
  constructor(open: () => Promise<DatabaseThread>, other: DatabaseThread | null = null) {
    this.#open = open;
    this.#other = other;
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
    if (this.#opened !== null) return this.#opened.request(request, transfer);
    // Memory can only be transferred once.
    if (this.#other === null || this.#isClosed || transfer !== undefined)
      return this.#requestOnceOpen(request, transfer);
    return this.#requestOther(this.#other, request);
  }

  /** Sends the request to this thread as well if the other one does not respond soon. The first response counts. */
  #requestOther<Op extends ThreadRequest["op"]>(
    other: DatabaseThread,
    request: Extract<ThreadRequest, { op: Op }>,
  ): Promise<ThreadResults[Op]> {
    const { promise, resolve, reject } = Promise.withResolvers<ThreadResults[Op]>();
    let isWaiting = true;
    const ask = (): void => {
      if (isWaiting) this.#requestOnceOpen<Op>(request).then(resolve, () => undefined);
    };
    // A response that arrived while the main thread was busy is handled before `setImmediate` calls back.
    const timer = setTimeout(() => setImmediate(ask), WAIT_MS);
    const answered = other.request<Op>(request).finally(() => {
      isWaiting = false;
      clearTimeout(timer);
    });
    answered.then(resolve, reject);
    return promise;
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
