import { EgressError } from "../errors.ts";
import { headerLines } from "../headers.ts";
import type { OutgoingRequest } from "../transport.ts";

/** Methods whose requests carry `Content-Length: 0` when they have no body. */
const EXPECTS_BODY: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH", "QUERY", "PROPFIND", "PROPPATCH"]);
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

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
