/** A proxy to PostgreSQL that counts statements. Its overhead is negligible, because it reads only the headers of the server's messages. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface WireCounter extends AsyncDisposable {
  readonly port: number;
  /** The same URL through the counter. Without TLS, which it could not read. */
  through(url: string): string;
  /** Statements answered so far, including `BEGIN` and `COMMIT`, and those that failed. */
  readonly statements: number;
  /** Number of round trips: several statements can share one. */
  readonly roundTrips: number;
}

/** Type and length precede each message of the server. */
const HEAD_BYTES = 5;
const [COMPLETE, EMPTY, FAILED, READY] = ["C", "I", "E", "Z"].map((type) => type.charCodeAt(0));

/** @param targetPort Port of the server on this machine. */
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
      // The error only says that the connection has ended.
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

/** Reads the server's messages on one connection, in chunks as they arrive. */
function reader(counts: { statements: number; roundTrips: number }): (chunk: Buffer) => void {
  const head = Buffer.alloc(HEAD_BYTES);
  let known = 0;
  /** Remaining bytes of the current message. */
  let left = 0;
  let greeted = false;
  const note = (type: number): void => {
    if (type === COMPLETE || type === EMPTY || type === FAILED) counts.statements++;
    if (type !== READY) return;
    // The first one reports that the connection is open.
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
