/** What happens to requests before any route sees them: those that are no HTTP, and those that are too large. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { INERT } from "./inert.ts";

/** A client that is told that its request is too large may send this much more of it. */
const MAX_DISCARDED_BYTES = 64 * 1024 * 1024;

/**
 * Reads the rest of a request and throws it away. A client that is still sending when its connection closes gets a broken connection
 * in place of the answer, so an early answer must wait until the request is over. Ends early when the request is far too long.
 */
export async function discard(request: IncomingMessage): Promise<void> {
  let bytes = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      bytes += (chunk as Buffer).byteLength;
      if (bytes > MAX_DISCARDED_BYTES) return;
    }
  } catch {
    // The client gave up: nobody waits for the answer.
  }
}

const CLIENT_ERRORS: Readonly<Record<string, readonly [string, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ["408 Request Timeout", "The request did not come to its end in time."],
  HPE_HEADER_OVERFLOW: ["431 Request Header Fields Too Large", "The headers of the request are too large."],
};

/** Answers what is no HTTP request, in the form of every other error, and closes the connection. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  // While an earlier request of the connection waits for its answer, this one would be taken for it.
  const answering = (socket as unknown as Record<string, unknown>)["_httpMessage"] ?? null;
  if (error.code === "ECONNRESET" || !socket.writable || answering !== null) {
    socket.destroy();
    return;
  }
  const [status, detail] = CLIENT_ERRORS[error.code ?? ""] ?? ["400 Bad Request", "This is not an HTTP request."];
  const body = JSON.stringify({ code: "bad_request", detail });
  const head = [
    `HTTP/1.1 ${status}`,
    "connection: close",
    "content-type: application/json",
    ...Object.entries(INERT).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
  ].join("\r\n");
  // A client that keeps its half open, or sends on and on, keeps nothing of ours.
  socket.end(`${head}\r\n\r\n${body}`, () => socket.destroy());
}

/** Answers a request with an `Expect` header that names something else than `100-continue`. */
export function refuseExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const body = JSON.stringify({ code: "bad_request", detail: "This server only knows Expect: 100-continue." });
  response.writeHead(417, { ...INERT, "content-type": "application/json", connection: "close" }).end(body);
}
