/** A webhook receiver that records requests byte for byte, and responds as configured. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { eventually, type EventuallyOptions } from "./eventually.ts";

/** One request, as received. */
export interface Received {
  /** Number of earlier requests. */
  readonly index: number;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** By lower-case name; repeated headers are joined with commas. */
  readonly headers: Readonly<Record<string, string>>;
  /** Names and values alternately, in the case and order of the wire. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  /** Unix milliseconds. */
  readonly at: number;
  /** Port of the sender's end of the connection. */
  readonly fromPort: number;
}

/** How to respond to a request. A number is a status. */
export type ReceiverResponse =
  | number
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Buffer;
      /** Wait this long before the response. */
      readonly delayMs?: number;
      /** Send the body in pieces of 16 bytes, this far apart. */
      readonly dripMs?: number;
    }
  /** Never respond. */
  | "hang"
  /** Close the connection without a response. */
  | "reset"
  /** Respond with 200 and a body that never ends. */
  | "endless";

export type ReceiverBehaviour =
  | ReceiverResponse
  | ((request: Received) => ReceiverResponse | Promise<ReceiverResponse>);

export interface ReceiverOptions {
  /** Defaults to 204. */
  readonly response?: ReceiverBehaviour;
}

export interface Receiver extends AsyncDisposable {
  /** Such as `http://127.0.0.1:40000`, without a trailing slash. */
  readonly url: string;
  readonly requests: readonly Received[];
  /** Changes the response to all further requests. */
  respondWith(response: ReceiverBehaviour): void;
  /** The first request that matches `predicate`, once it has arrived. */
  waitFor(predicate: (request: Received) => boolean, options?: EventuallyOptions): Promise<Received>;
  /** All requests, once there are at least `count`. */
  waitForCount(count: number, options?: EventuallyOptions): Promise<readonly Received[]>;
  clear(): void;
  /** Resolves once no sender is connected, so everything that a killed sender had written has been read. */
  disconnected(options?: EventuallyOptions): Promise<void>;
  close(): Promise<void>;
}

const DRIP_BYTES = 16;

/** Starts a receiver on a free port of the loopback interface. */
export async function startReceiver({ response = 204 }: ReceiverOptions = {}): Promise<Receiver> {
  const requests: Received[] = [];
  let current: ReceiverBehaviour = response;
  let count = 0;
  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const request: Received = { ...(await record(incoming)), index: count++ };
    requests.push(request);
    await send(typeof current === "function" ? await current(request) : current, outgoing);
  };
  const server = createServer((incoming, outgoing) => {
    // When the sender disconnects in the middle, there is no connection for a response.
    serve(incoming, outgoing).catch(() => outgoing.destroy());
  });
  // On a busy machine, more than the default five seconds pass between two requests of one test.
  server.keepAliveTimeout = 60_000;
  await listen(server);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    respondWith: (next) => {
      current = next;
    },
    waitFor: (predicate, options) =>
      eventually(() => requests.find(predicate) ?? fail("the request has not arrived", requests), options),
    waitForCount: (wanted, options) =>
      eventually(
        () => (requests.length >= wanted ? requests : fail(`fewer than ${wanted} requests`, requests)),
        options,
      ),
    clear: () => {
      requests.length = 0;
    },
    disconnected: async (options) => {
      await eventually(async () => {
        const open = await promisify(server.getConnections.bind(server))();
        if (open > 0) throw new Error(`${open} senders are still connected`);
      }, options);
    },
    close: () => close(server),
    [Symbol.asyncDispose]: () => close(server),
  };
}

function fail(what: string, requests: readonly Received[]): never {
  const seen = requests.map(({ method, path }) => `${method} ${path}`).slice(-20);
  throw new Error(`The receiver: ${what}; it has ${requests.length}${seen.map((line) => `\n  ${line}`).join("")}`);
}

async function record(incoming: IncomingMessage): Promise<Omit<Received, "index">> {
  const fromPort = incoming.socket.remotePort ?? 0;
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const { method = "", url = "", rawHeaders } = incoming;
  const headers: Record<string, string> = {};
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase();
    const value = rawHeaders[index + 1]!;
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  return { method, path: url, headers, rawHeaders, body: Buffer.concat(chunks), at: Date.now(), fromPort };
}

async function send(response: ReceiverResponse, outgoing: ServerResponse): Promise<void> {
  if (response === "hang") return;
  if (response === "reset") {
    outgoing.socket?.resetAndDestroy();
    return;
  }
  if (response === "endless") return sendEndless(outgoing);
  const {
    status = 200,
    headers = {},
    body = "",
    delayMs = 0,
    dripMs = 0,
  } = typeof response === "number" ? { status: response } : response;
  if (delayMs > 0) await pause(delayMs);
  outgoing.writeHead(status, headers);
  if (dripMs === 0) {
    outgoing.end(body);
    return;
  }
  const bytes = Buffer.from(body);
  for (let sent = 0; sent < bytes.length && !outgoing.destroyed; sent += DRIP_BYTES) {
    outgoing.write(bytes.subarray(sent, sent + DRIP_BYTES));
    await pause(dripMs);
  }
  outgoing.end();
}

async function sendEndless(outgoing: ServerResponse): Promise<void> {
  const chunk = Buffer.alloc(64 * 1024, "a");
  // One listener for all waits: a slow reader creates many of them.
  const closed = new Promise((resolve) => void outgoing.once("close", resolve));
  outgoing.writeHead(200, { "content-type": "text/plain" });
  while (!outgoing.destroyed) {
    if (outgoing.write(chunk)) await pause(1);
    else await Promise.race([closed, new Promise((resolve) => void outgoing.once("drain", resolve))]);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise((resolve) => void server.close(resolve));
  server.closeAllConnections();
  await closed;
}
