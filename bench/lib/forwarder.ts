/** Baseline: reads with `node:http` and sends with `undici`. Without storage, signatures or guarantees. */
import { createServer } from "node:http";
import { Pool } from "undici";

const target = new Pool(process.argv[2]!, { connections: 64, pipelining: 1 });

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks);
    const respond = (status: number): void => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end('{"ok":true}');
    };
    target.dispatch(
      {
        path: "/",
        method: "POST",
        headers: ["content-type", "application/json", "content-length", String(body.length)],
        body,
      },
      {
        onRequestStart: () => undefined,
        onResponseStart: () => undefined,
        onResponseData: () => undefined,
        onResponseEnd: () => respond(202),
        onResponseError: () => respond(502),
      },
    );
  });
});

server.listen(0, "127.0.0.1", () => {
  process.send?.({ port: (server.address() as { port: number }).port });
});
process.on("disconnect", () => process.exit(0));
