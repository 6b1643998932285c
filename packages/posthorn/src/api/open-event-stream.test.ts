import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import Fastify from "fastify";
import { expect, it } from "vitest";
import { openEventStream } from "./open-event-stream.ts";

/** A server with a route that opens a stream when `identified` resolves. */
async function serverOf(identified: (response: ServerResponse) => Promise<unknown>) {
  const app = Fastify();
  const opened = Promise.withResolvers<boolean>();
  app.get("/", async (_request, reply) => {
    reply.header("access-control-allow-origin", "https://shop.example.com");
    await identified(reply.raw);
    const response = openEventStream(reply);
    opened.resolve(response !== null);
    response?.end("data: {}\n\n");
  });
  await app.listen({ port: 0, host: "127.0.0.1" });
  const { port } = app.server.address() as AddressInfo;
  return { port, opened: opened.promise, [Symbol.asyncDispose]: () => app.close() };
}

it("sends the headers of a stream, and those that were set before", async () => {
  await using server = await serverOf(() => Promise.resolve());
  const response = await fetch(`http://127.0.0.1:${server.port}/`);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
    "access-control-allow-origin": "https://shop.example.com",
  });
  expect(await response.text()).toBe("data: {}\n\n");
});

it("opens no stream for a client that disconnects during authentication", async () => {
  let client: Socket | null = null;
  await using server = await serverOf((response) => {
    const closed = once(response, "close");
    client!.resetAndDestroy();
    return closed;
  });
  client = connect(server.port, "127.0.0.1");
  client.write("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
  expect(await server.opened).toBe(false);
});
