/**
 * A receiver that misbehaves as it is told: `/hang` never answers, `/down` breaks connections off while it is down. It keeps when each
 * request came and how old its message was.
 */
import { createServer } from "node:http";

export interface Arrival {
  readonly path: string;
  /** Unix milliseconds. */
  readonly at: number;
  /** Milliseconds since the message was published. */
  readonly age: number;
}

let arrivals: Arrival[] = [];
let down = false;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const { at } = JSON.parse(Buffer.concat(chunks).toString()) as { at: number };
    const now = Date.now();
    const path = request.url ?? "";
    arrivals.push({ path, at: now, age: now - at });
    if (path.startsWith("/hang")) return;
    if (path.startsWith("/down") && down) request.socket.destroy();
    else response.writeHead(200).end();
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
