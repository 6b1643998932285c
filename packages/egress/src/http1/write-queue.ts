/** A connection with a request that is to be written. */
export interface Writable {
  write(): void;
}

/**
 * Writes requests to reused connections in the check phase of the event loop, all of one turn together.
 *
 * Between the request and its writing, the event loop reports what happened to the idle socket: a peer that closed it,
 * so that the request goes to another connection instead of being lost, and bytes that would be taken for the response.
 */
export class WriteQueue {
  #waiting: Writable[] = [];
  #spare: Writable[] = [];
  readonly #flush = (): void => {
    const batch = this.#waiting;
    this.#waiting = this.#spare;
    for (const one of batch) one.write();
    batch.length = 0;
    this.#spare = batch;
  };

  add(one: Writable): void {
    if (this.#waiting.push(one) === 1) setImmediate(this.#flush);
  }
}
