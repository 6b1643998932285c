/** A way to a PostgreSQL that counts what is asked of it there. Costs next to nothing: it looks at the heads of what the server says. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface WireCounter extends AsyncDisposable {
  readonly port: number;
  /** The same URL, by way of the counter. Without TLS, through which it could not see. */
  through(url: string): string;
  /** Statements that were answered so far, `BEGIN` and `COMMIT` among them, and those that failed. */
  readonly statements: number;
  /** How often somebody asked and waited for the answer: several statements can go in one. */
  readonly roundTrips: number;
}

/** Type and length stand before each message of the server. */
const HEAD_BYTES = 5;
const [COMPLETE, EMPTY, FAILED, READY] = ["C", "I", "E", "Z"].map((type) => type.charCodeAt(0));

/** @param targetPort Of the server on this machine. */
export async function startWireCounter(targetPort: number): Promise<WireCounter> {
  const counts = { statements: 0, roundTrips: 0 };
  const sockets = new Set<Socket>();
  const listener = createServer((client) => {
    const server = connect(targetPort, "127.0.0.1");
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      // Its own error says no more than that it is over.
      socket.on("error", () => undefined);
      socket.once("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
    server.on("data", reader(counts));
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  return {
    port,
    through: (url) => {
      const other = new URL(url);
      other.hostname = "127.0.0.1";
      other.port = String(port);
      return other.href;
    },
    get statements() {
      return counts.statements;
    },
    get roundTrips() {
      return counts.roundTrips;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

/** Reads what the server says on one connection, in pieces as they come. */
function reader(counts: { statements: number; roundTrips: number }): (chunk: Buffer) => void {
  const head = Buffer.alloc(HEAD_BYTES);
  let known = 0;
  /** Bytes of the message that are still to come. */
  let left = 0;
  let greeted = false;
  const note = (type: number): void => {
    if (type === COMPLETE || type === EMPTY || type === FAILED) counts.statements++;
    if (type !== READY) return;
    // The first one says that the connection is open.
    if (greeted) counts.roundTrips++;
    greeted = true;
  };
  return (chunk) => {
    for (let at = 0; at < chunk.length;) {
      if (left > 0) {
        const skipped = Math.min(left, chunk.length - at);
        left -= skipped;
        at += skipped;
        continue;
      }
      const taken = chunk.copy(head, known, at, at + HEAD_BYTES - known);
      known += taken;
      at += taken;
      if (known < HEAD_BYTES) return;
      known = 0;
      left = head.readInt32BE(1) - 4;
      note(head[0]!);
    }
  };
}
