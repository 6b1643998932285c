/** Handles requests that never reach a route: invalid HTTP and bodies that are too large. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { PosthornErrorCode } from "../lib/errors.ts";
import { INERT } from "./inert.ts";

/** Maximum number of bytes to read and discard after rejecting a request. */
const MAX_DISCARDED_BYTES = 64 * 1024 * 1024;

/**
 * Reads and discards the rest of a request. A client that is still sending when the connection closes gets a connection error
 * instead of the response, so an early response must wait for the end of the request. Stops early if the request is far too long.
 */
export async function discard(request: IncomingMessage): Promise<void> {
  let bytes = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      bytes += (chunk as Buffer).byteLength;
      if (bytes > MAX_DISCARDED_BYTES) return;
    }
  } catch {
    // The client disconnected: no one waits for the response.
  }
}

interface ClientError {
  readonly status: string;
  readonly code: PosthornErrorCode;
  readonly detail: string;
}

const NOT_HTTP: ClientError = {
  status: "400 Bad Request",
  code: "bad_request",
  detail: "This is not an HTTP request.",
};

const CLIENT_ERRORS: Readonly<Record<string, ClientError>> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: "408 Request Timeout",
    code: "request_timeout",
    detail:
      "The request took too long to arrive: headers must be complete within 15 s and the whole request within 30 s. Send it again with the same idempotency-key; split a large batch.",
  },
  HPE_HEADER_OVERFLOW: {
    status: "431 Request Header Fields Too Large",
    code: "bad_request",
    detail: "The headers of the request are too large: together, they can have up to 16 KiB.",
  },
};

/** Responds to an invalid HTTP request in the usual error format, and closes the connection. */
export function respondToClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  // While an earlier request on the connection has no response yet, the client would mistake this response for it.
  const responding = (socket as unknown as Record<string, unknown>)["_httpMessage"] ?? null;
  if (error.code === "ECONNRESET" || !socket.writable || responding !== null) {
    socket.destroy();
    return;
  }
  const { status, code, detail } = CLIENT_ERRORS[error.code ?? ""] ?? NOT_HTTP;
  const body = JSON.stringify({ code, detail });
  const head = [
    `HTTP/1.1 ${status}`,
    "connection: close",
    "content-type: application/json",
    ...Object.entries(INERT).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
  ].join("\r\n");
  // Free the socket even if the client keeps its side open or continues to send.
  socket.end(`${head}\r\n\r\n${body}`, () => socket.destroy());
}

/** Rejects a request whose `Expect` header is not `100-continue`. */
export function refuseExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const body = JSON.stringify({ code: "bad_request", detail: "This server only supports Expect: 100-continue." });
  response.writeHead(417, { ...INERT, "content-type": "application/json", connection: "close" }).end(body);
}
