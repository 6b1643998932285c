/** The HTTP server of Node, with timeouts for slow clients, and in front of it the connections with nothing but ordinary requests. */
import { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import {
  type ConnectionTimeouts,
  DirectConnection,
  type DirectConnectionOptions,
  LargeBodies,
} from "./direct-connection.ts";
import { systemClock } from "../lib/clock.ts";
import type { Listener } from "./front.ts";
import type { HotRoute } from "./hot-route.ts";

/** Timeouts for slow clients, in milliseconds. */
export interface HttpTimeouts {
  /** Time to receive the request headers. */
  readonly headersMs: number;
  /** Time to receive the whole request. */
  readonly requestMs: number;
  /** Time without a byte in either direction, for example because the client does not read the response. */
  readonly stalledMs: number;
  /** Interval at which timeouts are checked. */
  readonly checkMs: number;
}

export const TIMEOUTS: HttpTimeouts = { headersMs: 15_000, requestMs: 30_000, stalledMs: 60_000, checkMs: 2000 };

/** How long an idle connection stays open: longer than load balancers keep theirs. */
const KEEP_ALIVE_MS = 72_000;
/** Node's server waits as much longer than it announces. */
const KEEP_ALIVE_BUFFER_MS = 1000;
/** Memory for large bodies that have not arrived completely, in front of Node's server. */
const LARGE_BODY_BYTES = 32 * 1024 * 1024;

/** @param direct Handles requests that were read without Node's server; `null`: it reads all. */
export function listeningServer(listener: Listener, timeouts: HttpTimeouts, direct: HotRoute | null): Server {
  const server = new ListeningServer(listener, timeouts);
  if (direct !== null) server.beginDirect(direct, timeouts);
  return server;
}

class ListeningServer extends Server {
  readonly #direct = new Set<DirectConnection>();
  /** Connections that Node's server has, if connections begin in front of it. */
  readonly #handedOver = new Set<Socket>();
  /** Connections on which the rest of a body is missing, by the number of checks before. */
  readonly #waiting = new Map<DirectConnection, number>();
  #checks = 0;
  #isChecking = false;

  constructor(listener: Listener, timeouts: HttpTimeouts) {
    super(
      {
        requestTimeout: timeouts.requestMs,
        headersTimeout: timeouts.headersMs,
        connectionsCheckingInterval: timeouts.checkMs,
        keepAliveTimeout: KEEP_ALIVE_MS,
        // Node would respond without a body and without our headers.
        requireHostHeader: false,
      },
      listener,
    );
    this.setTimeout(timeouts.stalledMs);
  }

  /** From now on, new connections begin in front of Node's server. */
  beginDirect(route: HotRoute, { stalledMs, checkMs }: HttpTimeouts): void {
    const nodes = this.listeners("connection") as ((socket: Socket) => void)[];
    const timeouts: ConnectionTimeouts = {
      stalledMs,
      idleMs: KEEP_ALIVE_MS + KEEP_ALIVE_BUFFER_MS,
      announcedIdle: KEEP_ALIVE_MS / 1000,
      firstMs: checkMs,
    };
    const options: DirectConnectionOptions = {
      timeouts,
      now: systemClock.now,
      route,
      largeBodies: new LargeBodies(LARGE_BODY_BYTES),
      handOver: (socket) => {
        this.#handedOver.add(socket);
        socket.once("close", () => this.#handedOver.delete(socket));
        for (const accept of nodes) accept.call(this, socket);
      },
      onWaiting: (connection, isWaiting) => {
        if (!isWaiting) return void this.#waiting.delete(connection);
        this.#waiting.set(connection, this.#checks);
        if (!this.#isChecking) this.#checkAfter(checkMs);
      },
      onGone: (connection) => {
        this.#direct.delete(connection);
        this.#waiting.delete(connection);
      },
    };
    this.removeAllListeners("connection").on("connection", (socket) => {
      this.#direct.add(new DirectConnection(socket, options));
    });
  }

  /** Node's server, which limits the time of a request, gets those that have not become complete since the check before. */
  #checkAfter(ms: number): void {
    this.#isChecking = true;
    const check = (): void => {
      this.#isChecking = false;
      this.#checks++;
      for (const [connection, checks] of this.#waiting) if (checks < this.#checks - 1) connection.giveUp();
      if (this.#waiting.size > 0) this.#checkAfter(ms);
    };
    setTimeout(check, ms).unref();
  }

  override closeIdleConnections(): void {
    for (const connection of this.#direct) connection.closeIfIdle();
    for (const socket of this.#handedOver) announceEnd(socket);
    super.closeIdleConnections();
  }

  override closeAllConnections(): void {
    for (const connection of this.#direct) connection.close();
    super.closeAllConnections();
  }
}

/** Lets the response in progress announce that the connection closes. A client would otherwise send a request that no one answers. */
function announceEnd(socket: Socket): void {
  const { _httpMessage: response } = socket as { readonly _httpMessage?: unknown };
  if (response instanceof ServerResponse && !response.headersSent) response.shouldKeepAlive = false;
}
