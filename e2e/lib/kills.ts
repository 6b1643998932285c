/** Kills a server repeatedly, and records which messages its receivers may have received twice because of it. */
import type { Receiver, TestServer } from "@posthorn/testkit";
import { pendingOnDisk } from "./disk.ts";

export class Kills {
  /** How often each message may have arrived again at the watched endpoint: see {@link kill}. */
  readonly explained = new Map<string, number>();
  /** Number of deliveries that were in flight at the kills. */
  inFlight = 0;
  up = true;
  readonly #server: TestServer;
  readonly #watched: Receiver;
  readonly #others: readonly Receiver[];

  /** @param watched Its requests are counted; @param others Only wait until the dead process is gone. */
  constructor(server: TestServer, watched: Receiver, others: readonly Receiver[] = []) {
    this.#server = server;
    this.#watched = watched;
    this.#others = others;
  }

  /** URL of the server; `null` while it is down. */
  url(): string | null {
    return this.up ? this.#server.url : null;
  }

  /**
   * Kills the server and starts it again. A message that had reached the watched endpoint, but whose outcome was not on disk, was in
   * flight: it may arrive once more.
   */
  async kill(endpointId: string): Promise<void> {
    this.up = false;
    await this.#server.kill();
    // Receives what the dead process had already written to its sockets.
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
