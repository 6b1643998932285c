/** A TCP server that records the bytes of each connection and responds with given bytes. */
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

/** Handles one request that arrived completely. `index` counts the requests of the connection. */
export type Responder = (socket: Socket, request: string, index: number) => void;

export class RawServer implements AsyncDisposable {
  /** Called for each piece that arrives, before the request is complete. */
  onBytes: (socket: Socket) => void = () => {};
  /** Bytes of each connection, in Latin-1. */
  readonly received: string[] = [];
  readonly #server = createServer((socket) => this.#serve(socket));
  readonly #sockets = new Set<Socket>();
  readonly #respond: Responder;
  readonly #host: string;

  private constructor(respond: Responder, host: string) {
    this.#respond = respond;
    this.#host = host;
  }

  static async start(respond: Responder, host = "127.0.0.1"): Promise<RawServer> {
    const server = new RawServer(respond, host);
    server.#server.listen(0, host);
    await once(server.#server, "listening");
    return server;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://${this.#host.includes(":") ? `[${this.#host}]` : this.#host}:${port}`;
  }

  get open(): number {
    return this.#sockets.size;
  }

  #serve(socket: Socket): void {
    const connection = this.received.push("") - 1;
    this.#sockets.add(socket);
    let pending = "";
    let requests = 0;
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("data", (bytes) => {
      const text = bytes.toString("latin1");
      this.received[connection] += text;
      pending += text;
      this.onBytes(socket);
      const length = lengthOf(pending);
      if (length === null || pending.length < length) return;
      const request = pending.slice(0, length);
      pending = pending.slice(length);
      this.#respond(socket, request, requests++);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Length of the first request; `null` while its head is incomplete. */
function lengthOf(text: string): number | null {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return null;
  return end + 4 + Number(/\r\ncontent-length: (\d+)/.exec(text.slice(0, end))?.[1] ?? "0");
}
