/**
 * Reads the head of a request in its most ordinary form. Accepts a small part of what Node's parser accepts, and understands it in the same
 * way; everything else is `null`, and Node's parser reads it instead. See decision 184.
 */
import type { IncomingHttpHeaders } from "node:http";

/** The head of a request, with the names that `IncomingMessage` has for its parts. */
export interface DirectHead {
  readonly method: "POST";
  readonly url: string;
  readonly httpVersionMajor: 1;
  readonly httpVersionMinor: 1;
  /** By lower-case name. */
  readonly headers: IncomingHttpHeaders;
  /** Alternating names and values, as sent. */
  readonly rawHeaders: string[];
  readonly socket: { readonly remoteAddress?: string | undefined; readonly destroyed: boolean };
  /** Where its body begins. */
  readonly bodyStart: number;
  readonly bodyLength: number;
}

const METHOD = "POST ";
const VERSION = " HTTP/1.1\r\n";
const END = "\r\n\r\n";
/** Node accepts 16 KiB. */
const MAX_HEAD_BYTES = 8192;
const MAX_HEADERS = 64;

/** Characters of a target that need no decision about their meaning. */
const TARGET = /^\/[\w.~!$&'()*+,;=:@/?%-]*$/;
const NAME = /^[A-Za-z][A-Za-z0-9-]*$/;
const VALUE = /^[\x20-\x7e]*$/;
const LENGTH = /^\d{1,8}$/;
const KEEP_ALIVE = /^keep-alive$/i;

/** Headers that change how the body or the connection is read, or that Node treats in their own way. */
const UNUSUAL: ReadonlySet<string> = new Set([
  "expect",
  "http2-settings",
  "proxy-connection",
  "set-cookie",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

interface HeaderName {
  readonly sent: string;
  readonly lower: string;
}

/** By the names that were sent, so that equal names are one string, whose hash is known. Unusual and invalid names are not in it. */
const names = new Map<string, HeaderName>();
const MAX_NAMES = 500;
const MAX_NAME_LENGTH = 64;

/** @param bytes What was read from the socket. `null` unless it begins with the whole head of an ordinary request. */
export function readHead(bytes: Buffer, socket: DirectHead["socket"]): DirectHead | null {
  // The first bytes of most other requests, such as GET.
  if (bytes[0] !== 0x50 || bytes[1] !== 0x4f) return null;
  const end = bytes.indexOf(END);
  if (end === -1 || end > MAX_HEAD_BYTES) return null;
  const head = bytes.toString("latin1", 0, end + 2);
  const line = head.indexOf("\r\n");
  const targetEnd = line + 2 - VERSION.length;
  if (!head.startsWith(METHOD) || !head.startsWith(VERSION, targetEnd)) return null;
  const url = head.slice(METHOD.length, targetEnd);
  if (!TARGET.test(url)) return null;
  const headers: IncomingHttpHeaders = {};
  const rawHeaders: string[] = [];
  if (!readHeaders(head, line + 2, headers, rawHeaders)) return null;
  const { "content-length": length = "", connection } = headers;
  if (!LENGTH.test(length) || (connection !== undefined && !KEEP_ALIVE.test(connection))) return null;
  return {
    method: "POST",
    url,
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    headers,
    rawHeaders,
    socket,
    bodyStart: end + END.length,
    bodyLength: Number(length),
  };
}

/** Returns whether all header lines from `start` on are ordinary. */
function readHeaders(head: string, start: number, headers: IncomingHttpHeaders, rawHeaders: string[]): boolean {
  for (let at = start; at < head.length;) {
    const colon = head.indexOf(":", at);
    const end = head.indexOf("\r\n", at);
    if (colon === -1 || colon > end || rawHeaders.length === 2 * MAX_HEADERS) return false;
    const text = head.slice(at, colon);
    const name = names.get(text) ?? nameOf(text);
    // Node joins some repeated headers, and drops others. Names of `Object.prototype` count as repeated.
    if (name === null || name.lower in headers) return false;
    const value = valueOf(head, colon + 1, end);
    if (!VALUE.test(value)) return false;
    headers[name.lower] = value;
    rawHeaders.push(name.sent, value);
    at = end + 2;
  }
  return true;
}

function nameOf(text: string): HeaderName | null {
  const lower = text.toLowerCase();
  if (!NAME.test(text) || UNUSUAL.has(lower)) return null;
  // Copies: a part of a string keeps the whole of it in memory, and what is known of a name is remembered in several places.
  const name = { sent: copyOf(text), lower: copyOf(lower) };
  if (names.size < MAX_NAMES && text.length <= MAX_NAME_LENGTH) names.set(name.sent, name);
  return name;
}

function copyOf(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}

/** The value without the spaces around it. Tabs are not ordinary. */
function valueOf(head: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && head.charCodeAt(start) === 0x20) start++;
  while (end > start && head.charCodeAt(end - 1) === 0x20) end--;
  return head.slice(start, end);
}
