/**
 * Bodies that a client sends in chunks of single bytes. Node passes on each chunk separately, and a view of a buffer takes about 200 bytes.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { eventually, usedMemory } from "@posthorn/testkit";
import { afterEach, expect, it } from "vitest";
import type { Gateway } from "../ingest/gateway.ts";
import { InboundLimits } from "../ingest/limits.ts";
import type { LiveSource } from "../ingest/live-source.ts";
import { receiveInbound } from "./inbound.ts";
import { readRequest } from "./request-bytes.ts";

const MIB = 1024 * 1024;
const CHUNKS = 300_000;
const LIMIT = 10 * MIB;

let open = new AsyncDisposableStack();
afterEach(async () => {
  await open.disposeAsync();
  open = new AsyncDisposableStack();
});

/** A client connected to a server that reads each body in this way. */
async function clientOf(read: (request: IncomingMessage) => Promise<Buffer>): Promise<Socket> {
  const server = createServer((request, response) => {
    read(request).then(
      (body) => response.end(String(body.byteLength)),
      (error: Error) => response.writeHead(400).end(error.message),
    );
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  open.defer(() => new Promise((resolve) => void server.close(() => resolve())));
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  open.defer(() => void client.destroy());
  await once(client, "connect");
  return client;
}

async function responseOf(client: Socket): Promise<string> {
  let text = "";
  client.on("data", (chunk: Buffer) => (text += chunk.toString()));
  await eventually(() => expect(text).toContain("\r\n\r\n"));
  return text;
}

const HEAD = "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n";

function inbound(request: IncomingMessage): Promise<Buffer> {
  const limits = new InboundLimits(() => 0);
  const found = Promise.withResolvers<Buffer>();
  const gateway = {
    known: () => ({ key: 1 }) as LiveSource,
    admit: () => null,
    maxBodyBytes: () => LIMIT,
    limits,
    receive: (_source: LiveSource, { body }: { readonly body: Buffer }) => {
      found.resolve(body);
      return Promise.resolve({ status: 200, headers: [], body: null });
    },
  } as unknown as Gateway;
  return receiveInbound(gateway, { raw: request, body: request, token: "x", address: "127.0.0.1" }).then(
    () => found.promise,
  );
}

it.each([
  ["an inbound webhook", inbound],
  ["a request to the API", (request: IncomingMessage) => readRequest(request, LIMIT)],
])("%s takes little more memory than it has bytes", async (_, read) => {
  let received = 0;
  const client = await clientOf((request) => {
    const reading = read(request);
    request.on("data", ({ byteLength }: Buffer) => (received += byteLength));
    return reading;
  });
  client.write(`${HEAD}transfer-encoding: chunked\r\n\r\n`);
  const before = usedMemory();
  client.write("1\r\nx\r\n".repeat(CHUNKS));
  await eventually(() => expect(received).toBe(CHUNKS));
  // Views would take 57 MiB.
  expect(usedMemory() - before).toBeLessThan(20 * MIB);
  client.write("0\r\n\r\n");
  expect(await responseOf(client)).toMatch(new RegExp(`^HTTP/1.1 200 [^]*\\D${CHUNKS}\\D*$`));
});

it.each([
  ["has more bytes than allowed", "transfer-encoding: chunked\r\n\r\n6\r\n123456\r\n", /Request body is too large/],
  ["announces more bytes than allowed", "content-length: 6\r\n\r\n", /Request body is too large/],
])("a request to the API that %s is refused at once", async (_, rest, expected) => {
  const client = await clientOf((request) => readRequest(request, 5));
  client.write(HEAD + rest);
  expect(await responseOf(client)).toMatch(expected);
});

it("a request to the API whose client disconnects is refused", async () => {
  const failure = Promise.withResolvers<Error>();
  const client = await clientOf((request) => {
    const reading = readRequest(request, LIMIT);
    reading.catch(failure.resolve);
    client.destroy();
    return reading;
  });
  client.write(`${HEAD}content-length: 10\r\n\r\n12345`);
  expect(await failure.promise).toMatchObject({ statusCode: 400 });
});
