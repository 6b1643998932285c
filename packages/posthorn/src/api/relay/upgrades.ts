/** Requests that ask for a WebSocket. */
import { type IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { WebSocket, WebSocketServer } from "ws";

interface Upgrading {
  readonly socket: Duplex;
  readonly head: Buffer;
}

interface Accepting {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Called when no WebSocket is opened: the client may have gone, or its handshake may be wrong. */
  readonly onFailure: () => void;
}

/** Passes requests for WebSockets through the routes of the server, which accept or refuse them. */
export class SocketUpgrades {
  readonly #upgrading = new WeakMap<IncomingMessage, Upgrading>();

  /** @param paths Paths at which a WebSocket can be opened. */
  constructor(app: FastifyInstance, paths: ReadonlySet<string>) {
    // Node.js does not read the body of a request that it upgrades, and some HTTP clients offer HTTP/2 (`h2c`) with every request.
    // The types of Node.js do not have this property yet.
    Object.assign(app.server, { shouldUpgradeCallback: (request: IncomingMessage) => opensSocket(request, paths) });
    app.server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#upgrading.set(request, { socket, head });
      // A request that is refused gets the response of its route, as any other request.
      const response = new ServerResponse(request);
      response.assignSocket(socket as never);
      response.shouldKeepAlive = false;
      response.once("finish", () => socket.end());
      socket.on("error", () => socket.destroy());
      app.routing(request, response);
    });
  }

  /** Whether a request asks for a WebSocket. */
  has(request: IncomingMessage): boolean {
    return this.#upgrading.has(request);
  }

  /** Opens the WebSocket of a request that {@link has} one. */
  accept(server: WebSocketServer, { request, reply, onFailure }: Accepting, serve: (socket: WebSocket) => void): void {
    const { socket, head } = this.#upgrading.get(request.raw)!;
    void reply.hijack();
    reply.raw.detachSocket(socket as never);
    if (socket.destroyed) return onFailure();
    let isOpen = false;
    socket.once("close", () => {
      if (!isOpen) onFailure();
    });
    server.handleUpgrade(request.raw, socket, head, (opened) => {
      isOpen = true;
      serve(opened);
    });
  }
}

function opensSocket({ method, headers, url = "" }: IncomingMessage, paths: ReadonlySet<string>): boolean {
  return method === "GET" && headers.upgrade?.toLowerCase() === "websocket" && paths.has(url.split("?")[0]!);
}
