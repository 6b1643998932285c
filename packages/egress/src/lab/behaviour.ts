import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** One request that reached the lab. */
export interface LabRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The socket below: for answers that no HTTP library would write. */
  readonly socket: Socket;
  /** The request body; empty when the behaviour does not read it. */
  readonly body: Buffer;
  /** What the `*` at the end of the path stands for. */
  readonly rest: string;
  readonly query: URLSearchParams;
  /** A number in 0 … 1 from the lab's own source. */
  readonly random: () => number;
  /** How often this path was called before. */
  readonly count: number;
}

/** One way to misbehave. */
export interface Behaviour {
  /** Path, with `*` at the end where something may follow. */
  readonly path: string;
  readonly group: string;
  /** What the lab does. */
  readonly does: string;
  /** What a good sender does about it. */
  readonly expect: string;
  /** False: the request body is left unread. */
  readonly readBody?: false;
  readonly run: (call: LabRequest) => void;
}

/** No behaviour goes on for longer, so that a forgotten client costs nothing. */
export const LONGEST_MS = 120_000;
/** No behaviour sends more. */
export const MOST_BYTES = 256 * 1024 * 1024;

/** Answers in the usual way. */
export function answer(
  { response }: LabRequest,
  status: number,
  text = "",
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", ...headers });
  response.end(text);
}

/** Writes bytes as they are, and closes the connection after them when told to. */
export function raw({ socket }: LabRequest, text: string | Buffer, end = false): void {
  if (end) socket.end(text);
  else socket.write(text);
}

/** Says nothing more, for a bounded time. */
export function hang({ socket }: LabRequest): void {
  const timer = setTimeout(() => socket.destroy(), LONGEST_MS);
  socket.once("close", () => clearTimeout(timer));
}

/** Calls `step` again and again while the client stays; `step` may write. */
export function repeat(call: LabRequest, everyMs: number, step: (index: number) => void): void {
  let index = 0;
  const timer = setInterval(() => step(index++), everyMs);
  call.socket.once("close", () => clearInterval(timer));
  hang(call);
}

/** Sends `chunk` as fast as the client reads, up to a bound. */
export function flood({ socket }: LabRequest, chunk: (index: number) => string | Buffer): void {
  let sent = 0;
  let index = 0;
  const pump = () => {
    while (!socket.destroyed && sent < MOST_BYTES) {
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
