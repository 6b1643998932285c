/**
 * Connections of listeners: `GET /api/v1/relay/socket` is a WebSocket, `GET /api/v1/relay/stream` an event stream for networks whose proxies
 * block WebSockets. Both consume a ticket. A connection ends with its token.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type Static, Type } from "typebox";
import type { RawData, WebSocket, WebSocketServer } from "ws";
import { requirePermission, seesApplication } from "../../domain/access.ts";
import type { Identity } from "../../domain/auth/token-lookup.ts";
import type { Services } from "../../domain/context.ts";
import { PosthornError } from "../../lib/errors.ts";
import { onFirstUse } from "../../lib/first-use.ts";
import type { RelayConnection } from "../../relay/connection.ts";
import {
  BYE_REASONS,
  type ByeReason,
  type ClientFrame,
  FrameError,
  MAX_RELAY_FRAME_CHARACTERS,
  MAX_RELAY_WINDOW,
  readClientFrame,
  RELAY_PROTOCOL,
  type ServerFrame,
} from "../../relay/frames.ts";
import { messageText } from "../../relay/message-text.ts";
import type { RelaySession } from "../../relay/sessions.ts";
import { APPLICATION_KIND } from "../../store/schema.ts";
import { authorize } from "../authorize.ts";
import { HttpError, ref } from "../models/common.ts";
import { openEventStream } from "../open-event-stream.ts";
import { queryValidator, refuseUnknown } from "../validation.ts";
import { EventStream } from "./event-stream.ts";
import { connectedSession, Guarded, type GuardedConnections } from "./guarded.ts";
import { RELAY_SESSION_PATH } from "./routes.ts";
import type { SocketUpgrades } from "./upgrades.ts";

export interface RelayServerOptions {
  readonly services: Services;
  /** Identifies the caller, or throws. Called again while the connection is open, so that it ends with its token. */
  readonly identify: (request: FastifyRequest) => Promise<Identity>;
  readonly upgrades: SocketUpgrades;
  readonly guarded: GuardedConnections;
}

export const SOCKET_PATH = "/api/v1/relay/socket";
export const STREAM_PATH = "/api/v1/relay/stream";

/** Interval of pings, which keep proxies from closing a connection and reveal disconnected listeners. */
const PING_MS = 10_000;
/** How long a client may take to send its first frame. */
const START_MS = 10_000;
/** Bytes that a slow connection may leave unread before it is ended. Requests in flight are limited by its window. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
const DEFAULT_WINDOW = 10;
const Ticket = Type.String({ minLength: 20, maxLength: 100 });
const SocketQuery = Type.Object({ ticket: Ticket });
const StreamQuery = Type.Object({
  ticket: Ticket,
  window: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: MAX_RELAY_WINDOW,
      default: DEFAULT_WINDOW,
      description: "Maximum number of requests without a response.",
    }),
  ),
});
const checkSocketQuery = queryValidator(SocketQuery);
const checkStreamQuery = queryValidator(StreamQuery);

export function registerRelay(app: FastifyInstance, options: RelayServerOptions): void {
  const { guarded, upgrades } = options;
  const track = (one: Guarded): void => guarded.add(one);
  app.get(SOCKET_PATH, async (request, reply) => {
    if (!upgrades.has(request.raw))
      throw new PosthornError("bad_request", `Open a WebSocket with the protocol ${RELAY_PROTOCOL}.`);
    refuseUnknown({ operationId: "v1.relay.socket", query: SocketQuery }, request.query);
    checkSocketQuery(request.query);
    const { ticket } = request.query as Static<typeof SocketQuery>;
    // Before the ticket is used up, so that a client with a wrong token gets a response.
    if (request.headers.authorization !== undefined) await options.identify(request);
    const server = await sockets();
    const session = await options.services.relay.connect(ticket, "websocket");
    const forget = (): void => options.services.relay.forget({ key: session.id, endpointKey: session.endpoint_id });
    upgrades.accept(server, { request, reply, onFailure: forget }, (socket) =>
      serveSocket(socket, { request, session, options, track }),
    );
  });
  app.get(STREAM_PATH, async (request, reply) => {
    refuseUnknown({ operationId: "v1.relay.stream", query: StreamQuery }, request.query);
    checkStreamQuery(request.query);
    const { ticket, window = DEFAULT_WINDOW } = request.query as Static<typeof StreamQuery>;
    await options.identify(request);
    const session = await options.services.relay.connect(ticket, "event-stream");
    await serveStream(request, reply, { session, options, track, window });
  });
}

/** Loaded with the first listener. */
const sockets = onFirstUse(async (): Promise<WebSocketServer> => {
  const { WebSocketServer: Sockets } = await import("ws");
  return new Sockets({
    noServer: true,
    maxPayload: MAX_RELAY_FRAME_CHARACTERS,
    handleProtocols: (protocols) => (protocols.has(RELAY_PROTOCOL) ? RELAY_PROTOCOL : false),
  });
});

interface Serving {
  readonly session: RelaySession;
  readonly options: RelayServerOptions;
  readonly track: (guarded: Guarded) => void;
}

const UNAUTHORIZED =
  "The token expired, was revoked, or may no longer listen to this endpoint. Sign in again with `posthorn login`.";

/** Application or source of a session. */
interface ListenedApplication {
  readonly public_id: string;
  readonly kind: number;
}

/** Whether the caller may listen to the endpoint of the session. Rejects when that cannot be found out now. */
async function mayListen(
  request: FastifyRequest,
  { session, options }: Serving,
  application: ListenedApplication,
): Promise<boolean> {
  const { services, identify } = options;
  try {
    const { actor } = await identify(request);
    const route = { access: "ManageEndpoint", permission: "endpoints:write", path: RELAY_SESSION_PATH } as const;
    const narrowed = await authorize(services, actor, route, { app_id: application.public_id });
    requirePermission(narrowed, "payloads:read");
    if (application.kind === APPLICATION_KIND.source) requirePermission(narrowed, "sources:write");
    if (session.resigns === 1) requirePermission(narrowed, "secrets:read");
    return actor.orgId === session.org_id && seesApplication(narrowed, session.app_id);
  } catch (error) {
    if (error instanceof PosthornError && error.status < 500) return false;
    throw error;
  }
}

function serveSocket(socket: WebSocket, serving: Serving & { readonly request: FastifyRequest }): void {
  const { session: row, options, request, track } = serving;
  const { relay } = options.services;
  let connection: RelayConnection | null = null;
  let guarded: Guarded | null = null;
  let isAlive = true;
  const fail = (reason: ByeReason, message: string): void => {
    if (connection !== null) return connection.end(reason, message);
    sendTo(socket, { type: "bye", reason, message, reconnect: BYE_REASONS[reason].isTemporary });
    socket.close(CLOSE_CODES[reason] ?? CLOSE_POLICY, reason);
  };
  const startTimer = setTimeout(
    () => fail("protocol", `No start frame arrived within ${START_MS / 1000} s.`),
    START_MS,
  );
  const pings = setInterval(() => {
    if (!isAlive) {
      connection?.end("unresponsive", "The listener did not respond to a ping.");
      return socket.terminate();
    }
    isAlive = false;
    socket.ping();
  }, PING_MS);
  const start = async (frame: Extract<ClientFrame, { type: "start" }>): Promise<void> => {
    clearTimeout(startTimer);
    request.headers.authorization ??= frame.token === undefined ? undefined : `Bearer ${frame.token}`;
    const { session, application } = await connectedSession(options.services, row);
    if (!(await mayListen(request, serving, application))) return fail("unauthorized", UNAUTHORIZED);
    if (socket.readyState !== socket.OPEN) return;
    const link = {
      send: (sent: ServerFrame) => sendTo(socket, sent),
      close: (reason: ByeReason) => {
        guarded?.stop();
        socket.close(CLOSE_CODES[reason] ?? CLOSE_POLICY, reason);
        setTimeout(() => socket.terminate(), CLOSE_MS).unref();
      },
    };
    connection = relay.attach(session, link, frame.window);
    guarded = new Guarded(connection, UNAUTHORIZED, () => mayListen(request, serving, application));
    track(guarded);
    if (connection.isEnded) guarded.stop();
  };
  let isStarting = false;
  const handle = (frame: ClientFrame): void => {
    if (connection !== null) return relay.handle(connection, frame);
    if (frame.type !== "start" || isStarting) return fail("protocol", "The first frame must be `start`, once.");
    isStarting = true;
    start(frame).catch(() => fail("shutdown", "The server cannot check the token now. Try again."));
  };
  socket.on("pong", () => (isAlive = true));
  socket.on("error", () => socket.terminate());
  socket.on("message", (data: RawData, isBinary: boolean) => {
    isAlive = true;
    try {
      if (isBinary) throw new FrameError("Frames are texts.");
      handle(readClientFrame(messageText(data)));
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      fail("protocol", error.message);
    }
  });
  socket.once("close", () => {
    clearTimeout(startTimer);
    clearInterval(pings);
    guarded?.stop();
    relay.forget({ key: row.id, endpointKey: row.endpoint_id });
  });
}

function sendTo(socket: WebSocket, frame: ServerFrame): void {
  if (socket.readyState !== socket.OPEN) return;
  if (socket.bufferedAmount > MAX_WAITING_BYTES) return socket.terminate();
  socket.send(JSON.stringify(frame));
}

/** How long the closing handshake may take. */
const CLOSE_MS = 5000;
/** 1008: policy violation (RFC 6455, section 7.4.1). */
const CLOSE_POLICY = 1008;
/** 1001: going away. */
const CLOSE_CODES: Partial<Record<ByeReason, number>> = { shutdown: 1001, unresponsive: 1001 };

async function serveStream(
  request: FastifyRequest,
  reply: FastifyReply,
  serving: Serving & { readonly window: number },
): Promise<void> {
  const { session: row, options, track, window } = serving;
  const { relay } = options.services;
  const { session, application } = await connectedSession(options.services, row);
  if (!(await mayListen(request, serving, application))) {
    relay.forget(session);
    throw new PosthornError("insufficient access", UNAUTHORIZED);
  }
  const response = openEventStream(reply);
  if (response === null) return relay.forget(session);
  const stream = new EventStream(response, { pingMs: PING_MS, closeMs: CLOSE_MS, maxWaitingBytes: MAX_WAITING_BYTES });
  const connection = relay.attach(session, stream, window);
  const guarded = new Guarded(connection, UNAUTHORIZED, () => mayListen(request, serving, application));
  track(guarded);
  response.once("close", () => {
    guarded.stop();
    relay.forget(session);
  });
}

const ERROR = ref(HttpError);

/** Descriptions for the OpenAPI document. */
export const RELAY_DESCRIPTIONS = [
  {
    path: SOCKET_PATH,
    schema: {
      operationId: "v1.relay.socket",
      tags: ["Relay"],
      summary: "Listen over a WebSocket",
      description: `Opens a WebSocket with the protocol \`${RELAY_PROTOCOL}\`: the server sends requests, and the listener responds to each. The token is in the \`Authorization\` header, or in the first frame. The connection ends with a reason when the token expires or is revoked.`,
      security: [{ token: [] }],
      querystring: SocketQuery,
      response: {
        101: { description: "The WebSocket is open.", type: "null" },
        400: { description: "The request is not for a WebSocket.", ...ERROR },
        401: { description: "The ticket or the token is wrong, used, expired or revoked.", ...ERROR },
        409: { description: "Another listener is connected.", ...ERROR },
        429: { description: "Too many listeners are connected.", ...ERROR },
      },
    },
  },
  {
    path: STREAM_PATH,
    schema: {
      operationId: "v1.relay.stream",
      tags: ["Relay"],
      summary: "Listen with an event stream",
      description:
        "For networks without WebSockets: streams the frames of the server as server-sent events. The listener sends its own frames with `POST /api/v1/app/{app_id}/relay/session/{session_id}/frame`.",
      security: [{ token: [] }],
      querystring: StreamQuery,
      response: {
        200: { description: "A stream of frames.", content: { "text/event-stream": { schema: { type: "string" } } } },
        401: { description: "The ticket or the token is wrong, used, expired or revoked.", ...ERROR },
        403: { description: "The token does not allow this.", ...ERROR },
        409: { description: "Another listener is connected.", ...ERROR },
        429: { description: "Too many listeners are connected.", ...ERROR },
      },
    },
  },
] as const;
