/**
 * Frames of the protocol `posthorn.relay.v1` between a server and a listener: JSON texts. Bodies are base64, and headers are lists of pairs, so
 * that bytes, repeated headers and their order survive. `docs/features/listen.md` describes the protocol for other clients.
 */

/** Subprotocol of the WebSocket. */
export const RELAY_PROTOCOL = "posthorn.relay.v1";

/** Headers of one connection, in lower case. A listener sets them itself in its request to the local server. */
export const OWN_HEADERS: ReadonlySet<string> = new Set([
  "host",
  "connection",
  "content-length",
  "transfer-encoding",
  "keep-alive",
]);

/** Maximum size of a response body that a listener sends, in bytes. Attempts keep less of it. */
export const MAX_RELAY_RESPONSE_BYTES = 64 * 1024;
/** Maximum length of a frame that a server accepts, in characters: a response body in base64, headers, and slack. */
export const MAX_RELAY_FRAME_CHARACTERS = 256 * 1024;
/**
 * Maximum length of the body of a request to a listener, in characters of base64: 32 MiB. Larger ones would take more memory of the connection
 * than a server reserves for it.
 */
export const MAX_RELAY_BODY_CHARACTERS = 4 * Math.ceil((32 * 1024 * 1024) / 3);
/** Maximum number of requests without a response that a listener may ask for. */
export const MAX_RELAY_WINDOW = 100;

type HeaderPairs = readonly (readonly [name: string, value: string])[];

/** What a listener shows about the message of a request. */
export interface RelayedMessage {
  /** Public ID: the same in every attempt. */
  readonly id: string;
  readonly eventType: string;
  /** ISO 8601: when it was published or received. */
  readonly timestamp: string;
  /** Provider of a message that a source received; `null`: it was published. */
  readonly provider: string | null;
  /** Whether the signature of the provider was renewed; absent: the listener did not ask for it. */
  readonly resigned?: { readonly isDone: true } | { readonly isDone: false; readonly reason: string };
}

/** A request for a listener. */
export interface RequestFrame {
  readonly type: "request";
  /** Names the attempt in the frames that answer it. */
  readonly id: string;
  /** Milliseconds that the attempt has left. */
  readonly timeoutMs: number;
  readonly method: string;
  /** Path and query, as they were received: to be appended to the URL of the listener. Empty, or with a leading `/` or `?`. */
  readonly path: string;
  readonly headers: HeaderPairs;
  /** Base64. */
  readonly body: string;
  readonly message: RelayedMessage;
}

/** Why a server ends a session. A listener reconnects only after those that are marked as temporary. */
export const BYE_REASONS = {
  /** The server stops or restarts. */
  shutdown: { isTemporary: true },
  /** The connection did not respond, or its lease ended. */
  unresponsive: { isTemporary: true },
  /** Another connection of the same listener has taken its place. */
  reconnected: { isTemporary: false },
  /** Another listener with the same name has taken its place. */
  replaced: { isTemporary: false },
  /** A user disconnected it. */
  disconnected: { isTemporary: false },
  /** The token expired, was revoked, or may do less than before. */
  unauthorized: { isTemporary: false },
  /** The endpoint was deleted or disabled. */
  endpoint_gone: { isTemporary: false },
  /** A frame of the listener was invalid. */
  protocol: { isTemporary: false },
} as const satisfies Readonly<Record<string, { readonly isTemporary: boolean }>>;
export type ByeReason = keyof typeof BYE_REASONS;

export type ServerFrame =
  | {
      readonly type: "hello";
      readonly session: string;
      readonly endpoint: string;
      /** The lease is renewed while the connection responds. */
      readonly leaseMs: number;
      readonly window: number;
    }
  | RequestFrame
  /** The attempt has ended without the listener: its response is no longer expected. */
  | { readonly type: "cancel"; readonly id: string }
  /** Deliveries that wait for this endpoint. */
  | { readonly type: "state"; readonly backlog: number; readonly isExact: boolean }
  | { readonly type: "pong" }
  | { readonly type: "bye"; readonly reason: ByeReason; readonly message: string; readonly reconnect: boolean };

/** Why a listener got no response from the local server. */
export const LOCAL_FAILURES = ["refused", "timeout", "tls", "dns", "reset", "exec", "stopped"] as const;
export type LocalFailure = (typeof LOCAL_FAILURES)[number];

export type ClientFrame =
  /** First frame. `token`: for clients that cannot send an `Authorization` header. */
  | { readonly type: "start"; readonly token?: string; readonly window: number }
  /** The request was received: the listener is alive. */
  | { readonly type: "ack"; readonly id: string }
  | {
      readonly type: "response";
      readonly id: string;
      readonly status: number;
      readonly headers: HeaderPairs;
      /** Base64, at most `MAX_RELAY_RESPONSE_BYTES`. */
      readonly body: string;
      readonly truncated: boolean;
      readonly durationMs: number;
    }
  | {
      readonly type: "error";
      readonly id: string;
      readonly code: LocalFailure;
      readonly message: string;
      readonly durationMs: number;
    }
  /** The local server responds again: an open circuit is closed. */
  | { readonly type: "ready" }
  | { readonly type: "ping" };

/** A frame of a listener is not valid. The message says why. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

/** Reads a frame of a listener. Throws a {@link FrameError}. */
export function readClientFrame(text: string): ClientFrame {
  if (text.length > MAX_RELAY_FRAME_CHARACTERS)
    throw new FrameError(`A frame has more than ${MAX_RELAY_FRAME_CHARACTERS} characters.`);
  const frame = objectOf(text);
  switch (frame["type"]) {
    case "ping":
    case "ready":
      return { type: frame["type"] };
    case "start":
      return startFrame(frame);
    case "ack":
      return { type: "ack", id: textField(frame, "id") };
    case "response":
      return responseFrame(frame);
    case "error":
      return {
        type: "error",
        id: textField(frame, "id"),
        code: LOCAL_FAILURES.find((code) => code === frame["code"]) ?? "reset",
        message: textField(frame, "message").slice(0, 500),
        durationMs: integerField(frame, "durationMs", 0, 86_400_000),
      };
    default:
      throw new FrameError(`The type of a frame is unknown: ${JSON.stringify(frame["type"] ?? null).slice(0, 50)}.`);
  }
}

/** Reads a frame of a server; `null`: of a type that this version does not know, and ignores. */
export function readServerFrame(text: string): ServerFrame | null {
  const frame = objectOf(text) as unknown as ServerFrame;
  return ["hello", "request", "cancel", "state", "pong", "bye"].includes(frame.type) ? frame : null;
}

function startFrame(frame: Fields): ClientFrame {
  const window = integerField(frame, "window", 1, MAX_RELAY_WINDOW);
  const { token } = frame;
  if (token === undefined) return { type: "start", window };
  if (typeof token !== "string") throw new FrameError('"token" must be a text.');
  return { type: "start", window, token };
}

function responseFrame(frame: Fields): ClientFrame {
  const { body, headers } = frame;
  if (typeof body !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(body)) throw new FrameError('"body" must be base64.');
  if (!Array.isArray(headers) || !headers.every(isPair))
    throw new FrameError('"headers" must be a list of pairs of texts.');
  return {
    type: "response",
    id: textField(frame, "id"),
    status: integerField(frame, "status", 100, 599),
    headers,
    body,
    truncated: frame["truncated"] === true,
    durationMs: integerField(frame, "durationMs", 0, 86_400_000),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function objectOf(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FrameError("A frame is not JSON.", { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new FrameError("A frame is not a JSON object.");
  return value as Fields;
}

function isPair(pair: unknown): pair is readonly [string, string] {
  return Array.isArray(pair) && pair.length === 2 && pair.every((text) => typeof text === "string");
}

function textField(frame: Fields, name: string): string {
  const value = frame[name];
  if (typeof value !== "string" || value === "") throw new FrameError(`"${name}" must be a text.`);
  return value;
}

function integerField(frame: Fields, name: string, minimum: number, maximum: number): number {
  const value = frame[name];
  if (typeof value === "number" && Number.isInteger(value) && value >= minimum && value <= maximum) return value;
  throw new FrameError(`"${name}" must be an integer from ${minimum} to ${maximum}.`);
}
