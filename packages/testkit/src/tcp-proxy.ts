/** A way between two processes that can fail as networks do. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/**
 * What the way does: `open` passes bytes on; `cut` refuses connections, and has reset those that there were; `silent` takes connections
 * and bytes, and passes nothing on in either direction (a black hole); `mute` passes on what clients say, and no answer; the last one
 * passes everything on so many milliseconds late.
 */
export type Weather = "open" | "cut" | "silent" | "mute" | { readonly lateMs: number };

export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** The same URL, by way of the proxy. */
  through(url: string): string;
  /** Changes what becomes of connections that there are, and of those to come. What was kept back is passed on once it is `open`. */
  become(weather: Weather): void;
  /** Resets the connections that there are; new ones are taken. */
  reset(): void;
  /** Resets the next connection on which a client says this: the server hears it, and the client never learns what came of it. */
  breakOffAt(text: string): void;
  /** Connections that there are. */
  readonly connections: number;
  /** How many connections were asked for so far. */
  readonly asked: number;
  /** From now on it leads to another server. */
  leadTo(port: number): void;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** @param targetPort Of the server on this machine. */
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

/** Passes on what comes from one side, and its end, as the weather is when it comes. */
function carry(from: Socket, to: Socket, weather: () => Weather): void {
  const later = (work: () => void): void => {
    const now = weather();
    if (typeof now === "object") setTimeout(work, now.lateMs);
    else work();
  };
  from.on("data", (bytes) => later(() => void (to.destroyed || to.write(bytes))));
  from.on("end", () => later(() => to.end()));
  // Its own error says no more than that it is over.
  from.on("error", () => undefined);
  from.once("close", () => {
    // In a black hole nobody learns that the other side is gone.
    // What was said before is still passed on.
    if (weather() !== "silent" && weather() !== "mute" && !to.writableEnded) to.destroy();
  });
}

/** Stops reading from those who are not heard now. */
function hold({ client, server }: Pair, weather: Weather): void {
  if (weather === "silent") client.pause();
  else client.resume();
  if (weather === "silent" || weather === "mute") server.pause();
  else server.resume();
}
