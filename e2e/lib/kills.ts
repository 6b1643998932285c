/** Kills a server again and again, and knows what its receivers may have got twice because of it. */
import type { Receiver, TestServer } from "@posthorn/testkit";
import { pendingOnDisk } from "./disk.ts";

export class Kills {
  /** How often a message may have come again to the watched endpoint: see {@link kill}. */
  readonly explained = new Map<string, number>();
  /** Deliveries that were in flight at the kills. */
  inFlight = 0;
  up = true;
  readonly #server: TestServer;
  readonly #watched: Receiver;
  readonly #others: readonly Receiver[];

  /** @param watched Counts what it gets; @param others Only wait until the dead process is gone. */
  constructor(server: TestServer, watched: Receiver, others: readonly Receiver[] = []) {
    this.#server = server;
    this.#watched = watched;
    this.#others = others;
  }

  /** Where the server is; `null` while it is down. */
  url(): string | null {
    return this.up ? this.#server.url : null;
  }

  /**
   * Kills the server and starts it again. A message that had reached the watched endpoint, and whose outcome was not on disk yet, was
   * in flight: it may come once more.
   */
  async kill(endpointId: string): Promise<void> {
    this.up = false;
    await this.#server.kill();
    // What the dead process had already written to its sockets arrives.
    await Promise.all([this.#watched, ...this.#others].map((receiver) => receiver.disconnected()));
    const pending = await pendingOnDisk(this.#server, endpointId);
    const received = new Set(this.#watched.requests.map((request) => request.headers["webhook-id"]!));
    for (const id of pending) {
      if (!received.has(id)) continue;
      this.inFlight++;
      this.explained.set(id, (this.explained.get(id) ?? 0) + 1);
    }
    await this.#server.restart();
    this.up = true;
  }
}
