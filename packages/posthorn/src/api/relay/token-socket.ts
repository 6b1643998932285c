/**
 * `GET /api/v1/listen/`: listeners that present a listen token in their first frame, and have no other credential. Turned off unless the
 * operator allows listen tokens. They receive the requests of the same relay endpoints, with the same leases, retries and attempts, as with
 * `socket.ts`.
 */
import type { FastifyInstance } from "fastify";
import type { RawData, WebSocket, WebSocketServer } from "ws";
import type { Services } from "../../domain/context.ts";
import {
  findListenToken,
  isListenTokenValid,
  openTokenSession,
  type PresentedToken,
} from "../../domain/relay/listen-token.ts";
import { addressSubject } from "../../domain/session/limits.ts";
import { PosthornError } from "../../lib/errors.ts";
import { onFirstUse } from "../../lib/first-use.ts";
import { RateLimiter } from "../../lib/rate-limiter.ts";
import { MAX_COMPATIBLE_FRAME_BYTES, readCompatibleFrame } from "../../relay/compatible-frames.ts";
import type { RelayConnection } from "../../relay/connection.ts";
import { FrameError } from "../../relay/frames.ts";
import { messageText } from "../../relay/message-text.ts";
import type { RelaySession } from "../../relay/sessions.ts";
import { CompatibleLink } from "./compatible-link.ts";
import { connectedSession, Guarded, type GuardedConnections } from "./guarded.ts";
import type { SocketUpgrades } from "./upgrades.ts";

export interface TokenSocketOptions {
  readonly services: Services;
  readonly upgrades: SocketUpgrades;
  readonly guarded: GuardedConnections;
}

/** The server treats them as one path. */
export const LISTEN_PATHS = ["/api/v1/listen/", "/api/v1/listen"] as const;

/** Connections that one address, or one IPv6 network, may open in a minute. Tokens have 160 bits: the limit bounds the load, not the chance of a guess. */
const PER_MINUTE = 60;
/** Connections whose first frame has not arrived. */
const MAX_STARTING = 50;
const START_MS = 10_000;
/** Frames of one connection in a minute. */
const FRAMES_PER_MINUTE = 3000;
/** How long a connected listener may take to respond when another one presents its token. */
const PROBE_MS = 3000;
/** 1008: policy violation, 1013: try again later (RFC 6455, section 7.4.1, and its registry). */
const POLICY = 1008;
const TRY_AGAIN = 1013;
/** Clients recognise this text. */
const IN_USE = "This socket is already in use";

/** Loaded with the first listener. */
const sockets = onFirstUse(async (): Promise<WebSocketServer> => {
  const { WebSocketServer: Sockets } = await import("ws");
  return new Sockets({ noServer: true, maxPayload: MAX_COMPATIBLE_FRAME_BYTES });
});

/** Registers the routes, unless listen tokens are turned off. */
export function registerTokenSocket(app: FastifyInstance, { services, upgrades, guarded }: TokenSocketOptions): void {
  if (!services.rules.listenTokens) return;
  const limiter = services.rateLimits.limiter("listen sockets", PER_MINUTE);
  const shared: Shared = { services, guarded, starting: new Set(), links: new Map() };
  app.get(LISTEN_PATHS[0], async (request, reply) => {
    if (!upgrades.has(request.raw)) throw new PosthornError("bad_request", "Open a WebSocket.");
    if (!limiter.take(addressSubject(request.ip).name) || shared.starting.size >= MAX_STARTING)
      throw new PosthornError("too_many_requests", "Too many listeners connect at once. Try again in a minute.");
    const server = await sockets();
    upgrades.accept(server, { request, reply, onFailure: () => undefined }, (socket) => {
      new TokenListener(socket, shared).serve();
    });
  });
}

interface Shared {
  readonly services: Services;
  readonly guarded: GuardedConnections;
  /** Connections whose first frame has not arrived. */
  readonly starting: Set<WebSocket>;
  /** Links of this node by the key of their endpoint. */
  readonly links: Map<number, Set<CompatibleLink>>;
}

/** One connection, from its first frame to its end. */
class TokenListener {
  readonly #socket: WebSocket;
  readonly #shared: Shared;
  readonly #frames: RateLimiter;
  #link: CompatibleLink | null = null;
  #connection: RelayConnection | null = null;
  #isStarting = false;
  #isRefused = false;

  constructor(socket: WebSocket, shared: Shared) {
    this.#socket = socket;
    this.#shared = shared;
    this.#frames = new RateLimiter(FRAMES_PER_MINUTE, shared.services.now);
  }

  serve(): void {
    const { starting } = this.#shared;
    starting.add(this.#socket);
    const timer = setTimeout(() => this.#refuse("No start frame arrived."), START_MS);
    const isIdle = (): void => {
      clearTimeout(timer);
      starting.delete(this.#socket);
    };
    this.#socket.on("message", (data) => {
      isIdle();
      this.#received(data);
    });
    this.#socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH") this.#failInFlight();
    });
    this.#socket.once("close", isIdle);
  }

  #refuse(reason: string, code = POLICY): void {
    if (this.#isRefused) return;
    this.#isRefused = true;
    this.#shared.starting.delete(this.#socket);
    this.#socket.close(code, reason);
    const timer = setTimeout(() => this.#socket.terminate(), START_MS).unref();
    this.#socket.once("close", () => clearTimeout(timer));
  }

  #received(data: RawData): void {
    // Frames arrive until the client has answered the closing handshake.
    if (this.#isRefused) return;
    if (!this.#frames.take("")) return this.#refuse("Too many frames arrived.");
    try {
      const frame = readCompatibleFrame(messageText(data));
      if (frame.kind === "start") return this.#begin(frame.token);
      if (this.#link === null || this.#connection === null)
        return this.#refuse("The first frame must be a start frame.");
      const durationMs = this.#link.answered(frame.id);
      this.#shared.services.relay.handle(this.#connection, frame.toFrame(durationMs));
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#refuse(error.message.slice(0, 100));
    }
  }

  #begin(token: string): void {
    if (this.#isStarting) return this.#refuse("The listener has started already.");
    this.#isStarting = true;
    this.#start(token).catch((error: unknown) => {
      const refusal = error instanceof PosthornError && error.status < 500 ? error : null;
      const isGone = refusal?.code === "not_found";
      const reason = refusal?.message.slice(0, 100) ?? "The server cannot check the token now.";
      this.#refuse(reason, isGone ? POLICY : TRY_AGAIN);
    });
  }

  async #start(token: string): Promise<void> {
    const { services } = this.#shared;
    const presented = await findListenToken(services, token);
    if (presented === null) return this.#refuse("The token is unknown, expired or revoked.");
    const session = await this.#connect(presented);
    if (session === null) return;
    let isAttached = false;
    try {
      isAttached = await this.#attach(session, presented, token);
    } finally {
      if (!isAttached) services.relay.forget({ key: session.id, endpointKey: session.endpoint_id });
    }
  }

  /** Connects in place of a listener that is gone, but not of one that responds. `null`: it was refused. */
  async #connect({ key, endpointKey }: PresentedToken): Promise<RelaySession | null> {
    const { services, links } = this.#shared;
    const connect = async (takeOver: boolean): Promise<RelaySession> =>
      services.relay.connect(await openTokenSession(services, key, takeOver), "websocket");
    try {
      return await connect(false);
    } catch (error) {
      if (!(error instanceof PosthornError) || error.code !== "listener_connected") throw error;
      const own = [...(links.get(endpointKey) ?? [])];
      // It is connected to another node, or not with a token.
      if (own.length === 0) throw error;
      const responding = await Promise.all(own.map((link) => link.responds(PROBE_MS)));
      if (!responding.includes(true)) return connect(true);
      this.#refuse(IN_USE);
      return null;
    }
  }

  /** Returns false if the listener disconnected in the meantime. */
  async #attach(row: RelaySession, { key, endpointKey }: PresentedToken, token: string): Promise<boolean> {
    const { services, guarded, links } = this.#shared;
    const { session } = await connectedSession(services, row);
    // From here on nothing is awaited, so that the link sees the end of the connection.
    if (this.#socket.readyState !== this.#socket.OPEN) return false;
    const link = new CompatibleLink(this.#socket, {
      token,
      onAck: (id) => this.#connection?.receive({ type: "ack", id }),
      onEnd: () => {
        links.get(endpointKey)?.delete(link);
        if (links.get(endpointKey)?.size === 0) links.delete(endpointKey);
        services.relay.forget(session);
      },
    });
    this.#link = link;
    links.set(endpointKey, (links.get(endpointKey) ?? new Set()).add(link));
    // A client handles one request after the other, and reads nothing in the meantime.
    const connection = services.relay.attach(session, link, 1);
    this.#connection = connection;
    const guard = new Guarded(connection, "The token expired or was revoked.", () => isListenTokenValid(services, key));
    guarded.add(guard);
    this.#socket.once("close", () => guard.stop());
    if (connection.isEnded || this.#socket.readyState !== this.#socket.OPEN) guard.stop();
    return true;
  }

  /** The response was larger than a frame may be. Without an answer, the request would be sent again, with the same result. */
  #failInFlight(): void {
    for (const id of this.#link?.inFlight ?? []) {
      const message = `The response of the local server is too large: frames may have ${MAX_COMPATIBLE_FRAME_BYTES / 1024} KiB.`;
      const durationMs = this.#link?.answered(id) ?? 0;
      this.#connection?.receive({ type: "error", id, code: "reset", message, durationMs });
    }
  }
}
