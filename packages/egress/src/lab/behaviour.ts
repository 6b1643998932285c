import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** A request that reached the lab. */
export interface LabRequest {
  /** Node's request. */
  readonly request: IncomingMessage;
  /** Node's response. */
  readonly response: ServerResponse;
  /** The underlying socket, for responses that no HTTP library would write. */
  readonly socket: Socket;
  /** The request body; empty when the behaviour does not read it. */
  readonly body: Buffer;
  /** Part of the path that matched the `*` at the end. */
  readonly rest: string;
  /** Query parameters. */
  readonly query: URLSearchParams;
  /** Random number from 0 to 1. */
  readonly random: () => number;
  /** Number of earlier calls of this path. */
  readonly count: number;
}

/** One misbehaviour of the lab. */
export interface Behaviour {
  /** Path; a `*` at the end matches anything. */
  readonly path: string;
  /** Group in the index page. */
  readonly group: string;
  /** Behaviour of the lab. */
  readonly does: string;
  /** Expected behaviour of a sender. */
  readonly expect: string;
  /** Leaves the request body unread when false. */
  readonly readBody?: false;
  /** Handles one request. */
  readonly run: (call: LabRequest) => void;
}

/** Maximum duration of a behaviour, so that an abandoned client costs nothing. */
export const MAX_DURATION_MS = 120_000;
/** Maximum number of bytes that a behaviour sends. */
export const MAX_BYTES = 256 * 1024 * 1024;

/** Writes an ordinary response. */
export function respond(
  { response }: LabRequest,
  status: number,
  text = "",
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", ...headers });
  response.end(text);
}

/** Writes raw bytes, and closes the connection afterwards if `end` is true. */
export function raw({ socket }: LabRequest, text: string | Buffer, end = false): void {
  if (end) socket.end(text);
  else socket.write(text);
}

/** Sends nothing more, for a limited time. */
export function hang({ socket }: LabRequest): void {
  const timer = setTimeout(() => socket.destroy(), MAX_DURATION_MS);
  socket.once("close", () => clearTimeout(timer));
}

/** Calls `step` repeatedly while the client stays connected. `step` may write. */
export function repeat(call: LabRequest, everyMs: number, step: (index: number) => void): void {
  let index = 0;
  const timer = setInterval(() => step(index++), everyMs);
  call.socket.once("close", () => clearInterval(timer));
  hang(call);
}

/** Sends chunks as fast as the client reads, up to a limit. */
export function flood({ socket }: LabRequest, chunk: (index: number) => string | Buffer): void {
  let sent = 0;
  let index = 0;
  const pump = () => {
    while (!socket.destroyed && sent < MAX_BYTES) {
      const next = chunk(index++);
      sent += next.length;
      if (!socket.write(next)) {
        socket.once("drain", pump);
        return;
      }
    }
    socket.destroy();
  };
  pump();
}
