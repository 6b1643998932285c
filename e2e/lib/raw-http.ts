/** HTTP by hand, for requests that no client would send. */
import { connect, type Socket } from "node:net";

export interface RawAnswer {
  /** All that came until the connection was closed. */
  readonly text: string;
  /** Statuses of the answers in it, in order. */
  readonly statuses: readonly number[];
  /** JSON of the last answer; `undefined` when its body is none. */
  readonly json: unknown;
}

export interface RawOptions {
  /** Close the connection when this much time went by without a byte. A bound for broken runs. */
  readonly timeoutMs?: number;
  /** Close our half after sending. */
  readonly half?: boolean;
}

/** Opens a connection to the server behind `url`. */
export function openSocket(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) }, () => resolve(socket));
    socket.once("error", reject);
  });
}

/** Sends these bytes and returns what comes back until the connection is closed, by whom ever. */
export async function sendRaw(url: string, bytes: string | Uint8Array, options: RawOptions = {}): Promise<RawAnswer> {
  const socket = await openSocket(url);
  const answer = collect(socket, options.timeoutMs ?? 20_000);
  socket.write(bytes);
  if (options.half === true) socket.end();
  return answer;
}

/** What comes until the connection is closed. */
export function collect(socket: Socket, timeoutMs: number): Promise<RawAnswer> {
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.setTimeout(timeoutMs, () => socket.destroy());
    // A connection that the server resets has said what it had to say.
    socket.on("error", () => socket.destroy());
    socket.once("close", () => resolve(read(Buffer.concat(chunks).toString())));
  });
}

function read(text: string): RawAnswer {
  const statuses = [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map((match) => Number(match[1]));
  const body = text.slice(text.lastIndexOf("\r\n\r\n") + 4);
  try {
    return { text, statuses, json: JSON.parse(body) };
  } catch {
    return { text, statuses, json: undefined };
  }
}
