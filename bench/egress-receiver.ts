/**
 * Receiver of egress.ts, in a separate process so that its CPU time is not counted: responds to the fixed request
 * of the benchmark, over plain TCP and TLS, on loopback.
 */
import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

const ANSWER = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok";
const END = Buffer.from("\r\n\r\n");

/** Counts only bytes: head, then the announced length. Requests never overlap on a connection. */
function serve(socket: Socket): void {
  let pending: Buffer = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    const end = pending.indexOf(END);
    if (end < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(pending.toString("latin1", 0, end))?.[1] ?? "0");
    if (pending.length < end + 4 + length) return;
    pending = Buffer.alloc(0);
    socket.write(ANSWER);
  });
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", 4096, resolve));
  return (server.address() as AddressInfo).port;
}

// The certificate must cover any name of the benchmark, unlike those of the lab, so it is generated here with the same package.
const { generate } = await import("selfsigned");
const made = await generate([{ name: "commonName", value: "bench" }], {
  keyType: "ec",
  algorithm: "sha256",
  extensions: [
    { name: "basicConstraints", cA: true, critical: true },
    { name: "subjectAltName", altNames: [{ type: 2, value: "*.bench.posthorn.dev" }] },
  ],
});
const http = await listen(createServer(serve));
const https = await listen(createTlsServer({ cert: made.cert, key: made.private }, serve));
process.send?.({ http, https, ca: made.cert });
process.once("disconnect", () => process.exit());
