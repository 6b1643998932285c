import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { expect, it } from "vitest";
import { EventStream } from "./event-stream.ts";

it("is closed for a listener that reads nothing, without an error that ends the process", async () => {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  client.on("error", () => undefined);
  client.pause();
  client.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const [, response] = (await once(server, "request")) as [unknown, ServerResponse];
  response.writeHead(200);
  const errors: unknown[] = [];
  response.on("error", (error) => errors.push(error));
  const stream = new EventStream(response, { pingMs: 5, closeMs: 200, maxWaitingBytes: 64 * 1024 * 1024 });
  // More than fits in the buffers of the operating system.
  stream.send({ type: "bye", reason: "shutdown", message: "x".repeat(32 * 1024 * 1024), reconnect: true });
  stream.close();
  await once(response, "close");
  expect(errors).toEqual([]);
  client.destroy();
  server.close();
});
