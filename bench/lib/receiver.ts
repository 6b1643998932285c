/** A receiver with minimal overhead: reads requests from the socket, counts those that it accepts, and responds with 200. */
import { readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

/** First argument of the process, as JSON. */
export interface ReceiverSettings {
  /** One in this many requests is answered with 500; absent: none is. */
  readonly failsOneIn?: number;
  /** Paths of a certificate and its key; absent: no TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

const { failsOneIn = null, tls = null } = JSON.parse(process.argv[2] ?? "{}") as ReceiverSettings;
const OK = Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
const FAILED = Buffer.from("HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n");
const HEAD_END = Buffer.from("\r\n\r\n");

let received = 0;
let failed = 0;

function serve(socket: Socket): void {
  let pending: Buffer = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    for (;;) {
      const headEnd = pending.indexOf(HEAD_END);
      if (headEnd === -1) return;
      const head = pending.toString("latin1", 0, headEnd);
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      const end = headEnd + 4 + length;
      if (pending.length < end) return;
      pending = pending.subarray(end);
      if (failsOneIn !== null && (received + failed) % failsOneIn === failsOneIn - 1) {
        failed++;
        socket.write(FAILED);
      } else {
        received++;
        socket.write(OK);
      }
    }
  });
}

const server =
  tls === null
    ? createServer(serve)
    : createTlsServer({ cert: readFileSync(tls.cert), key: readFileSync(tls.key) }, serve);

server.listen(0, "127.0.0.1", () => {
  process.send?.({ port: (server.address() as { port: number }).port });
});
process.on("message", () => process.send?.({ received }));
process.on("disconnect", () => process.exit(0));
