/** TCP proxy between two processes that simulates network failures. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/**
 * State of the path: `open` passes bytes on; `cut` refuses connections, and has reset existing ones; `silent` accepts connections and bytes,
 * and passes nothing on in either direction (a black hole); `mute` passes on what clients send, and no responses; a number delays everything
 * by so many milliseconds.
 */
export type ProxyState = "open" | "cut" | "silent" | "mute" | { readonly lateMs: number };

export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** The same URL through the proxy. */
  through(url: string): string;
  /** Changes what happens to existing and future connections. Withheld data is passed on once it is `open`. */
  setState(state: ProxyState): void;
  /** Resets existing connections; new ones are accepted. */
  reset(): void;
  /** Resets the next connection on which a client sends this: the server receives it, and the client never learns the result. */
  resetOn(text: string): void;
  /** Existing connections. */
  readonly connections: number;
  /** Number of connections so far. */
  readonly totalConnections: number;
  /** Forwards new connections to another server. */
  forwardTo(port: number): void;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** @param targetPort Port of the server on this machine. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  let state: ProxyState = "open";
  let port = targetPort;
  let totalConnections = 0;
  let resetText: string | null = null;
  const pairs = new Set<Pair>();

  const listener = createServer((client) => {
    totalConnections++;
    if (state === "cut") {
      client.on("error", () => undefined);
      client.resetAndDestroy();
      return;
    }
    const pair = { client, server: connect(port, "127.0.0.1") };
    pairs.add(pair);
    forward(pair.client, pair.server, () => state);
    pair.client.on("data", (bytes) => {
      if (resetText === null || !bytes.includes(resetText)) return;
      resetText = null;
      pair.server.end();
      pair.client.resetAndDestroy();
    });
    forward(pair.server, pair.client, () => state);
    pair.client.once("close", () => pairs.delete(pair));
    applyState(pair, state);
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");

  const reset = (): void => {
    for (const { client, server } of pairs) {
      client.resetAndDestroy();
      server.destroy();
    }
  };
  return {
    port: (listener.address() as AddressInfo).port,
    through: (url) => {
      const other = new URL(url);
      other.hostname = "127.0.0.1";
      other.port = String((listener.address() as AddressInfo).port);
      return other.href;
    },
    setState: (next) => {
      state = next;
      if (next === "cut") reset();
      for (const pair of pairs) applyState(pair, next);
    },
    reset,
    resetOn: (text) => void (resetText = text),
    get connections() {
      return pairs.size;
    },
    get totalConnections() {
      return totalConnections;
    },
    forwardTo: (other) => void (port = other),
    [Symbol.asyncDispose]: async () => {
      for (const { client, server } of pairs) {
        client.destroy();
        server.destroy();
      }
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

/** Passes on data from one side, and its end, as the current state allows. */
function forward(from: Socket, to: Socket, state: () => ProxyState): void {
  const later = (work: () => void): void => {
    const now = state();
    if (typeof now === "object") setTimeout(work, now.lateMs);
    else work();
  };
  from.on("data", (bytes) => later(() => void (to.destroyed || to.write(bytes))));
  from.on("end", () => later(() => to.end()));
  // The error only says that the connection has ended.
  from.on("error", () => undefined);
  from.once("close", () => {
    // In a black hole, neither side learns that the other one has disconnected. Earlier data is still passed on.
    if (state() !== "silent" && state() !== "mute" && !to.writableEnded) to.destroy();
  });
}

/** Stops reading from the sides that are currently blocked. */
function applyState({ client, server }: Pair, state: ProxyState): void {
  if (state === "silent") client.pause();
  else client.resume();
  if (state === "silent" || state === "mute") server.pause();
  else server.resume();
}
