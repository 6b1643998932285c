/**
 * Tests the internals of the AMQP 1.0 client that the listener uses, with a broker that is built with the same client. RabbitMQ is in
 * `test/counterparts`.
 */
import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";
import rhea from "rhea";
import { afterEach, beforeEach, expect, it } from "vitest";
import { amqpListener } from "./amqp.ts";
import type { SourceEvent, Unreadable } from "../source-event.ts";
import type { ListenHost } from "./listener.ts";

const MAX_BODY_BYTES = 1000;
const LARGE = Buffer.alloc(600_000, "large ");
const BODIES = [Buffer.from('{"n":1}'), LARGE, Buffer.from('{"n":2}')];

let server: Server;
beforeEach(async () => {
  const broker = rhea.create_container({ id: "broker" });
  broker.once("sendable", ({ sender }) => {
    for (const [index, body] of BODIES.entries()) {
      sender!.send({ message_id: `m${index}`, body: rhea.message.data_section(body) });
    }
  });
  broker.on("disconnected", () => undefined);
  server = broker.listen({ port: 0, host: "127.0.0.1" });
  if (!server.listening) await once(server, "listening");
});
afterEach(async () => {
  await new Promise((resolve) => void server.close(resolve));
});

/** Listens until there are this many messages, or it fails. */
async function listen(count: number) {
  const events: SourceEvent[] = [];
  const entries: Unreadable[] = [];
  const stopping = new AbortController();
  const taken = (): Promise<void> => {
    if (events.length + entries.length === count) stopping.abort();
    return Promise.resolve();
  };
  const host: Partial<ListenHost> = {
    config: {
      url: `amqp://127.0.0.1:${(server.address() as AddressInfo).port}`,
      address: "in",
      username: null,
      password: null,
      identity: "message-id",
      eventType: "message",
    },
    session: "s",
    signal: stopping.signal,
    window: 10,
    maxBodyBytes: MAX_BODY_BYTES,
    connected: () => undefined,
    skipped: () => undefined,
    deliver: (event) => {
      events.push(event);
      return taken();
    },
    quarantine: (entry) => {
      entries.push(entry);
      return taken();
    },
  };
  await amqpListener.listen(host as ListenHost);
  return { events, entries };
}

it("messages of AMQP 1.0 arrive as they are encoded, and only the beginning of one that is too large", async () => {
  const { events, entries } = await listen(3);
  expect(events.map(({ id, body }) => [id, Buffer.from(body).toString()])).toEqual([
    ["m0", '{"n":1}'],
    ["m2", '{"n":2}'],
  ]);
  expect(entries).toMatchObject([{ reason: "too_large", detail: expect.stringContaining("message ID m1") }]);
  expect(entries[0]!.body.byteLength).toBeLessThan(40_000);
});
