/**
 * Frames of listeners that connect with a listen token, as the command line of another product sends them. A client has one request at a time,
 * one value for each header, and its own path: see `docs/features/listen-tokens.md`.
 */
import { type ClientFrame, FrameError, MAX_RELAY_RESPONSE_BYTES, OWN_HEADERS, type RequestFrame } from "./frames.ts";

/** Maximum size of a frame that a server accepts, in bytes: a response of about 768 KiB. */
export const MAX_COMPATIBLE_FRAME_BYTES = 1024 * 1024;

const VERSION = 1;
/** Characters of a body in base64 that attempts keep, in whole groups of four. */
const MAX_BODY_CHARACTERS = 4 * Math.floor(MAX_RELAY_RESPONSE_BYTES / 3);
const MAX_TOKEN_CHARACTERS = 200;

export type CompatibleFrame =
  | { readonly kind: "start"; readonly token: string }
  | {
      readonly kind: "response";
      readonly id: string;
      /** As a listener of `posthorn.relay.v1` would send it. */
      readonly toFrame: (durationMs: number) => ClientFrame;
    };

/** Reads a frame of a client. Throws a {@link FrameError}. */
export function readCompatibleFrame(text: string): CompatibleFrame {
  const { type, data } = fieldsOf(parse(text), "A frame");
  const fields = fieldsOf(data, '"data"');
  if (type === "start") {
    const token = textOf(fields, "token");
    if (token.length > MAX_TOKEN_CHARACTERS) throw new FrameError('"token" is too long.');
    return { kind: "start", token };
  }
  if (type !== "event") throw new FrameError('"type" must be "start" or "event".');
  return responseOf(fields);
}

/** The answer to the first frame of a client. */
export function startText(token: string): string {
  return JSON.stringify({ type: "start", version: VERSION, data: { token } });
}

/** A request for a client. Values of headers that are repeated are joined (RFC 9110, section 5.3). */
export function eventText({ id, method, headers, body }: RequestFrame): string {
  const values = new Map<string, string>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    if (OWN_HEADERS.has(key)) continue;
    const before = values.get(key);
    values.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  const data = { id, method, headers: Object.fromEntries(values), body };
  return JSON.stringify({ type: "event", version: VERSION, data });
}

function responseOf(fields: Fields): CompatibleFrame {
  const { body, status } = fields;
  const id = textOf(fields, "id");
  const headers = Object.entries(fieldsOf(fields["headers"] ?? {}, '"headers"')).map(([name, value]) => {
    if (typeof value !== "string") throw new FrameError('"headers" must be texts by name.');
    return [name, value] as const;
  });
  if (typeof body !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(body)) throw new FrameError('"body" must be base64.');
  if (typeof status !== "number" || !Number.isInteger(status) || status < 100 || status > 599)
    throw new FrameError('"status" must be an integer from 100 to 599.');
  const truncated = body.length > MAX_BODY_CHARACTERS;
  const kept = truncated ? body.slice(0, MAX_BODY_CHARACTERS) : body;
  return {
    kind: "response",
    id,
    toFrame: (durationMs) => ({ type: "response", id, status, headers, body: kept, truncated, durationMs }),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FrameError("A frame is not JSON.", { cause });
  }
}

function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new FrameError(`${what} must be a JSON object.`);
  return value as Fields;
}

function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== "string" || value === "") throw new FrameError(`"${name}" must be a text.`);
  return value;
}
