import type { WebSocket } from "ws";
import { eventText, startText } from "../../relay/compatible-frames.ts";
import type { RelayLink } from "../../relay/connection.ts";
import type { ByeReason, ServerFrame } from "../../relay/frames.ts";

export interface CompatibleLinkOptions {
  /** As the client sent it. */
  readonly token: string;
  /** The client is alive, and is about to read this request. */
  readonly onAck: (id: string) => void;
  /** Called once, when the WebSocket has closed. */
  readonly onEnd: () => void;
}

/** Clients expect one in 20 seconds. */
const PING_MS = 10_000;
/** A client does not respond to pings while its local server works on a request: up to 30 seconds. */
const MAX_SILENT_PINGS = 4;
/** How long the closing handshake may take. */
const CLOSE_MS = 5000;
/** Libraries of clients accept frames of up to 16 MiB, and messages of several frames. */
const FRAGMENT_BYTES = 1024 * 1024;

/**
 * Sends requests to a client that cannot acknowledge them. A ping precedes each request. The client responds to it once it reads again, so
 * requests to a sleeping client use up no attempt.
 */
export class CompatibleLink implements RelayLink {
  readonly #socket: WebSocket;
  readonly #options: CompatibleLinkOptions;
  readonly #pings: NodeJS.Timeout;
  /** When requests without a response were sent, by ID, in the clock of `performance`. */
  readonly #sentAt = new Map<string, number>();
  #silentPings = 0;

  constructor(socket: WebSocket, options: CompatibleLinkOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#pings = setInterval(() => this.#ping(), PING_MS);
    socket.on("pong", (data) => {
      this.#silentPings = 0;
      const id = data.toString("latin1");
      if (this.#sentAt.has(id)) options.onAck(id);
    });
    socket.on("message", () => (this.#silentPings = 0));
    socket.once("close", () => {
      clearInterval(this.#pings);
      options.onEnd();
    });
  }

  /** IDs of requests without a response. */
  get inFlight(): readonly string[] {
    return [...this.#sentAt.keys()];
  }

  send(frame: ServerFrame): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (frame.type === "hello") this.#socket.send(startText(this.#options.token));
    if (frame.type === "cancel") this.#sentAt.delete(frame.id);
    if (frame.type !== "request") return;
    this.#sentAt.set(frame.id, performance.now());
    this.#socket.ping(frame.id);
    const bytes = Buffer.from(eventText(frame));
    for (let from = 0; from < bytes.byteLength; from += FRAGMENT_BYTES) {
      const fin = from + FRAGMENT_BYTES >= bytes.byteLength;
      this.#socket.send(bytes.subarray(from, from + FRAGMENT_BYTES), { binary: false, fin });
    }
  }

  close(reason: ByeReason): void {
    // 1001: going away, 1008: policy violation (RFC 6455, section 7.4.1).
    this.#socket.close(reason === "shutdown" || reason === "unresponsive" ? 1001 : 1008, reason);
    setTimeout(() => this.#socket.terminate(), CLOSE_MS).unref();
  }

  /** A response arrived. Returns the milliseconds since the request was sent. */
  answered(id: string): number {
    const sentAt = this.#sentAt.get(id);
    this.#sentAt.delete(id);
    return sentAt === undefined ? 0 : Math.round(performance.now() - sentAt);
  }

  /** Whether the client responds to a ping within this time. */
  async responds(withinMs: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), withinMs);
    const alive = (): void => resolve(true);
    this.#socket.once("pong", alive);
    this.#socket.ping();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#socket.off("pong", alive);
    }
  }

  #ping(): void {
    if (this.#silentPings++ >= MAX_SILENT_PINGS) return this.#socket.terminate();
    this.#socket.ping();
  }
}
