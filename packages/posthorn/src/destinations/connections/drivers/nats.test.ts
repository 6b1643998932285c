import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, it } from "vitest";
import type { ItemResult, KindMessage } from "../../kind.ts";
import { natsDriver } from "./nats.ts";

const info = (maxPayload: number): string =>
  `INFO ${JSON.stringify({ server_id: "s", version: "2.11.0", proto: 1, headers: true, max_payload: maxPayload })}\r\n`;

const message = (id: string, body: string): KindMessage => ({
  id,
  eventType: "invoice.paid",
  eventId: null,
  orderingKey: null,
  channels: [],
  createdAt: 1_767_323_045_678,
  contentType: "application/json",
  body: Buffer.from(body),
  attributes: [],
  isTest: false,
});

it("sends no message larger than the limit that the server announced last", async () => {
  let client: Socket | undefined;
  let received = "";
  const published = (subject: string): boolean => received.includes(`HPUB ${subject}`);
  await using server = createServer((socket) => {
    client = socket;
    socket.write(info(1_000_000));
    socket.on("data", (bytes) => {
      const text = bytes.toString();
      received += text;
      if (text.includes("PING\r\n")) socket.write("PONG\r\n");
      const reply = /HPUB events (\S+) /.exec(text)?.[1];
      const ack = '{"stream":"events","seq":1}';
      if (reply !== undefined) socket.write(`${info(80)}MSG ${reply} 1 ${ack.length}\r\n${ack}\r\n`);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  using stack = new DisposableStack();
  stack.defer(() => client?.destroy());
  const config = { servers: `127.0.0.1:${(server.address() as AddressInfo).port}`, subject: "events", tls: false };
  const none = { username: null, password: null, token: null, nkeySeed: null, credentials: null };
  const host = { signal: new AbortController().signal, onDown: () => undefined };
  const link = await natsDriver.open({ ...config, ...none }, host);
  const send = (id: string): Promise<ItemResult> =>
    new Promise((settle, fail) => void link.send(message(id, "{}"), { isWaiting: true, settle, fail }));
  expect(await send("msg_1")).toEqual({ kind: "ok", reference: "events/1" });
  expect(published("events")).toBe(true);
  received = "";
  // Its body alone is smaller than the limit, but not together with its headers.
  expect(await send("msg_2")).toMatchObject({ code: "message_too_large" });
  expect(published("events")).toBe(false);
});
