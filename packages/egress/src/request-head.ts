/** Head of a request: checks the headers, and writes the lines. */
import { EgressError } from "./errors.ts";
import type { OutgoingRequest } from "./transport.ts";

/** Headers that belong to the connection. They are created here; a value from outside could desynchronise it. */
const RESERVED: ReadonlySet<string> = new Set([
  "host",
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const NOT_A_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

type NameKind = "ordinary" | "encoding" | "reserved" | "invalid";

/** Kinds of recent names: a request has the same ones again and again, and one look-up is cheaper than the checks. */
const kinds = new Map<string, NameKind>();
const MAX_KINDS = 4096;

function kindOf(name: string): NameKind {
  let kind = kinds.get(name);
  if (kind === undefined) {
    kind = classifyName(name);
    if (kinds.size >= MAX_KINDS) kinds.clear();
    if (name.length <= 256) kinds.set(name, kind);
  }
  return kind;
}

function classifyName(name: string): NameKind {
  const lower = name.toLowerCase();
  if (lower === "accept-encoding") return "encoding";
  if (RESERVED.has(lower)) return "reserved";
  return TOKEN.test(name) ? "ordinary" : "invalid";
}

function reserved(name: string): EgressError {
  return new EgressError("bad_request", `the header ${name} is set by the client itself`);
}

/**
 * Copies the flat list, adds `Accept-Encoding: identity` unless the caller sets that header, and refuses headers that
 * belong to the connection. The syntax of the others is checked when they are written.
 *
 * @throws {EgressError} `bad_request`.
 */
export function prepareHeaders(headers: readonly string[]): string[] {
  const out = headers.slice();
  let hasEncoding = false;
  for (let index = 0; index < out.length; index += 2) {
    const kind = kindOf(out[index]!);
    if (kind === "encoding") hasEncoding = true;
    else if (kind === "reserved") throw reserved(out[index]!);
  }
  if (!hasEncoding) out.push("accept-encoding", "identity");
  return out;
}

/**
 * Header lines of a request as they are sent, with `Accept-Encoding: identity` unless the caller sets that header.
 *
 * @throws {EgressError} `bad_request` for headers that belong to the connection and for invalid ones.
 */
export function headerLines(headers: readonly string[]): string {
  if (headers.length % 2 !== 0) throw new EgressError("bad_request", "a header has no value");
  let lines = "";
  let hasEncoding = false;
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index]!;
    const value = headers[index + 1]!;
    const kind = kindOf(name);
    if (kind === "encoding") hasEncoding = true;
    else if (kind === "reserved") throw reserved(name);
    else if (kind === "invalid") throw new EgressError("bad_request", `invalid header name ${JSON.stringify(name)}`);
    if (NOT_A_VALUE.test(value)) throw new EgressError("bad_request", `invalid value of the header ${name}`);
    lines += `${name}: ${value}\r\n`;
  }
  return hasEncoding ? lines : `${lines}accept-encoding: identity\r\n`;
}

/** Methods whose requests carry `Content-Length: 0` when they have no body. */
const EXPECTS_BODY: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH", "QUERY", "PROPFIND", "PROPPATCH"]);

/** The part of the head that all requests to one URL share: from the path to the name of `Connection`. */
export function headStart(origin: string, path: string): string {
  return ` ${path} HTTP/1.1\r\nhost: ${new URL(origin).host}\r\nconnection: `;
}

/**
 * Serialises the head of a request.
 *
 * @param start Result of {@link headStart}.
 * @throws {EgressError} `bad_request` when the method or a header is invalid.
 */
export function serialise(
  method: string,
  path: string,
  start: string,
  headers: readonly string[],
  body: Uint8Array | null,
): OutgoingRequest {
  const expectsBody = EXPECTS_BODY.has(method);
  if (!expectsBody && (!TOKEN.test(method) || method === "CONNECT")) {
    throw new EgressError("bad_request", `invalid method ${JSON.stringify(method)}`);
  }
  const isHead = method === "HEAD";
  const length = body === null ? 0 : body.byteLength;
  const end = length > 0 || expectsBody ? `content-length: ${length}\r\n\r\n` : "\r\n";
  return {
    method,
    path,
    headers,
    body: length === 0 ? null : body,
    head: `${method}${start}${isHead ? "close" : "keep-alive"}\r\n${headerLines(headers)}${end}`,
    isLast: isHead || (length > 0 && !expectsBody),
  };
}
