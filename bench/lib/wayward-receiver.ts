/**
 * A receiver that misbehaves as it is told: `/hang` never answers, `/down` breaks connections off while it is down and takes its time
 * while it is not. It keeps when each request came, how old its message was and how many were open.
 */
import { createServer } from "node:http";

/** What the messages of these measurements carry. */
export interface Sent {
  /** Unix milliseconds at which it was published. */
  readonly at: number;
  /** Which one it is of those that were published together. */
  readonly n: number;
}

export interface Arrival {
  readonly path: string;
  /** Unix milliseconds, with fractions. */
  readonly at: number;
  readonly sent: Sent;
  /** Requests that were open when it came, with itself. */
  readonly inFlight: number;
}

const ANSWER_MS = 30;

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
    else setTimeout(() => response.writeHead(200).end(), ANSWER_MS);
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
