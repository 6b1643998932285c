/** A connection path between two processes that can fail as networks do. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/**
 * State of the path: `open` passes bytes on; `cut` refuses connections, and has reset existing ones; `silent` accepts connections and bytes,
 * and passes nothing on in either direction (a black hole); `mute` passes on what clients send, and no responses; a number delays everything
 * by so many milliseconds.
 */
export type Weather = "open" | "cut" | "silent" | "mute" | { readonly lateMs: number };

export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** The same URL through the proxy. */
  through(url: string): string;
  /** Changes what happens to existing and future connections. Withheld data is passed on once it is `open`. */
  become(weather: Weather): void;
  /** Resets existing connections; new ones are accepted. */
  reset(): void;
  /** Resets the next connection on which a client sends this: the server receives it, and the client never learns the result. */
  breakOffAt(text: string): void;
  /** Existing connections. */
  readonly connections: number;
  /** Number of connections so far. */
  readonly asked: number;
  /** Leads to another server from now on. */
  leadTo(port: number): void;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** @param targetPort Port of the server on this machine. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  let weather: Weather = "open";
  let port = targetPort;
  let asked = 0;
  let breaksAt: string | null = null;
  const pairs = new Set<Pair>();

  const listener = createServer((client) => {
    asked++;
    if (weather === "cut") {
      client.on("error", () => undefined);
      client.resetAndDestroy();
      return;
    }
    const pair = { client, server: connect(port, "127.0.0.1") };
    pairs.add(pair);
    carry(pair.client, pair.server, () => weather);
    pair.client.on("data", (bytes) => {
      if (breaksAt === null || !bytes.includes(breaksAt)) return;
      breaksAt = null;
      pair.server.end();
      pair.client.resetAndDestroy();
    });
    carry(pair.server, pair.client, () => weather);
    pair.client.once("close", () => pairs.delete(pair));
    hold(pair, weather);
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
    become: (next) => {
      weather = next;
      if (next === "cut") reset();
      for (const pair of pairs) hold(pair, next);
    },
    reset,
    breakOffAt: (text) => void (breaksAt = text),
    get connections() {
      return pairs.size;
    },
    get asked() {
      return asked;
    },
    leadTo: (other) => void (port = other),
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
function carry(from: Socket, to: Socket, weather: () => Weather): void {
  const later = (work: () => void): void => {
    const now = weather();
    if (typeof now === "object") setTimeout(work, now.lateMs);
    else work();
  };
  from.on("data", (bytes) => later(() => void (to.destroyed || to.write(bytes))));
  from.on("end", () => later(() => to.end()));
  // Its own error only says that the connection has ended.
  from.on("error", () => undefined);
  from.once("close", () => {
    // In a black hole neither side learns that the other one is gone.
    // Earlier data is still passed on.
    if (weather() !== "silent" && weather() !== "mute" && !to.writableEnded) to.destroy();
  });
}

/** Stops reading from the sides that are currently blocked. */
function hold({ client, server }: Pair, weather: Weather): void {
  if (weather === "silent") client.pause();
  else client.resume();
  if (weather === "silent" || weather === "mute") server.pause();
  else server.resume();
}
