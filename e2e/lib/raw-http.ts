/** Raw HTTP, for requests that no client would send. */
import { connect, type Socket } from "node:net";

export interface RawResponse {
  /** Everything received until the connection was closed. */
  readonly text: string;
  /** Status codes of the responses in it, in order. */
  readonly statuses: readonly number[];
  /** JSON of the last response; `undefined` if its body is not JSON. */
  readonly json: unknown;
}

export interface RawOptions {
  /** Close the connection after this time without a byte. A limit for broken runs. */
  readonly timeoutMs?: number;
  /** Whether to close our side of the connection after sending. */
  readonly half?: boolean;
}

/** Opens a connection to the server at `url`. */
export function openSocket(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) }, () => resolve(socket));
    socket.once("error", reject);
  });
}

/** Sends these bytes and returns everything received until either side closes the connection. */
export async function sendRaw(url: string, bytes: string | Uint8Array, options: RawOptions = {}): Promise<RawResponse> {
  const socket = await openSocket(url);
  const response = collect(socket, options.timeoutMs ?? 20_000);
  socket.write(bytes);
  if (options.half === true) socket.end();
  return response;
}

/** Everything received until the connection is closed. */
export function collect(socket: Socket, timeoutMs: number): Promise<RawResponse> {
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.setTimeout(timeoutMs, () => socket.destroy());
    // No more data arrives after a reset.
    socket.on("error", () => socket.destroy());
    socket.once("close", () => resolve(read(Buffer.concat(chunks).toString())));
  });
}

function read(text: string): RawResponse {
  const statuses = [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map((match) => Number(match[1]));
  const body = text.slice(text.lastIndexOf("\r\n\r\n") + 4);
  try {
    return { text, statuses, json: JSON.parse(body) };
  } catch {
    return { text, statuses, json: undefined };
  }
}
