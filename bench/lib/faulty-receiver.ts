/**
 * A receiver with configurable faults: `/hang` never responds; `/down` closes connections while it is down and responds slowly otherwise.
 * Records when each request arrived, how old its message was, and how many requests were open.
 */
import { createServer } from "node:http";

/** Payload of the messages of these measurements. */
export interface Sent {
  /** Time of publishing in Unix milliseconds. */
  readonly at: number;
  /** Position among the messages that were published together. */
  readonly n: number;
}

export interface Arrival {
  readonly path: string;
  /** Unix milliseconds with fractions. */
  readonly at: number;
  readonly sent: Sent;
  /** Number of open requests when it arrived, including itself. */
  readonly inFlight: number;
}

const RESPONSE_MS = 30;

let arrivals: Arrival[] = [];
let down = false;
let inFlight = 0;

const server = createServer((request, response) => {
  inFlight++;
  response.once("close", () => inFlight--);
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const sent = JSON.parse(Buffer.concat(chunks).toString()) as Sent;
    const path = request.url ?? "";
    arrivals.push({ path, at: performance.timeOrigin + performance.now(), sent, inFlight });
    if (path.startsWith("/hang")) return;
    if (!path.startsWith("/down")) response.writeHead(200).end();
    else if (down) request.socket.destroy();
    else setTimeout(() => response.writeHead(200).end(), RESPONSE_MS);
  });
});

server.listen(0, "127.0.0.1", () => {
  process.send?.({ port: (server.address() as { port: number }).port });
});
process.on("message", (message: { readonly down?: boolean }) => {
  if (message.down !== undefined) down = message.down;
  process.send?.({ arrivals });
  arrivals = [];
});
process.on("disconnect", () => process.exit(0));
