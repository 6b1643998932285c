/** Messages that are larger than a connection of the connector may buffer: they must not block later ones. MQTT has a separate test. */
import { createHash } from "node:crypto";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect as connectNats } from "@nats-io/transport-node";
import { Admin, Producer } from "@platformatic/kafka";
import { isSkipped, startKafka, startNats, startRabbitMq, startRedis } from "@posthorn/testkit/counterparts";
import { connect as connectRabbitMq } from "amqplib";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPubSub } from "../sources/pub-sub.ts";
import { BrokerScene } from "./sources.ts";

const MIB = 1024 * 1024;
/** The connector ends connections that send more than 32 MiB without being stored. */
const LARGE = Buffer.alloc(40 * MIB, "large ");
/** A body of this size is kept in full. */
const MAX_BODY_BYTES = 1000;

let scene: BrokerScene;
beforeAll(async () => {
  scene = await BrokerScene.start();
});
afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

interface Large {
  readonly kind: string;
  readonly config: object;
  /** Puts a large message and then small ones into the broker. */
  publish(large: Buffer, small: string): Promise<void>;
  /** Messages that the broker has not removed. */
  left(): Promise<number>;
  /** Whether the broker sends more than the body, which is hashed with it. */
  readonly isEncoded?: boolean;
  readonly large?: Buffer;
}

/** Checks that a large message is quarantined and acknowledged, and the message behind it stored. Returns the text of the entry. */
async function quarantined({ kind, config, publish, left, isEncoded = false, large = LARGE }: Large): Promise<string> {
  const source = await scene.connected(kind, config, { maxBodyBytes: MAX_BODY_BYTES });
  await publish(large, `{"n":1}`);
  const [message] = await scene.messages(source, 1);
  expect(message).toMatchObject({ payload: { n: 1 } });
  const [entry] = await scene.gateway.quarantine(source);
  expect(entry).toMatchObject({ reason: "too_large" });
  const { detail } = entry as { readonly detail: string };
  const sha256 = createHash("sha256").update(large).digest("hex");
  const body = `has ${large.byteLength} bytes, and the source accepts up to 1000.*SHA-256 ${sha256}`;
  expect(detail).toMatch(new RegExp(isEncoded ? "SHA-256 [0-9a-f]{64}" : body));
  expect(await scene.state(source)).toMatchObject({ state: "running", failures: 0 });
  await expect.poll(left, { timeout: 30_000, interval: 300 }).toBe(0);
  // A message that is slightly larger than the source accepts is kept in full.
  await publish(Buffer.alloc(MAX_BODY_BYTES + 1, "x"), `{"n":2}`);
  await scene.messages(source, 2);
  expect(await scene.gateway.quarantine(source, 2)).toHaveLength(2);
  return detail;
}

describe.skipIf(isSkipped("rabbitmq"))("a message of RabbitMQ that is too large to be kept", () => {
  let broker: Awaited<ReturnType<typeof startRabbitMq>>;
  beforeAll(async () => {
    broker = await startRabbitMq();
  });
  afterAll(() => broker[Symbol.asyncDispose]());

  it.each([
    ["rabbitMq", (queue: string) => ({ uri: broker.url, queue })],
    [
      "amqp",
      (queue: string) => ({
        url: `amqp://127.0.0.1:${broker.port}`,
        address: `/amq/queue/${queue}`,
        username: "guest",
        password: "guest",
      }),
    ],
  ])("is quarantined with its size, hash and ID, and does not stop the next one (%s)", async (kind, of) => {
    const connection = await connectRabbitMq(broker.url);
    try {
      const channel = await connection.createConfirmChannel();
      const queue = `large-${kind}`;
      await channel.assertQueue(queue, { durable: true });
      const publish = async (large: Buffer, small: string): Promise<void> => {
        channel.sendToQueue(queue, large, { messageId: `large-${large === LARGE ? 1 : 2}` });
        channel.sendToQueue(queue, Buffer.from(small), { contentType: "application/json" });
        await channel.waitForConfirms();
      };
      const left = async (): Promise<number> => (await channel.checkQueue(queue)).messageCount;
      const found = { kind, config: of(queue), publish, left, isEncoded: kind === "amqp" };
      expect(await quarantined(found)).toContain("message ID large-1");
    } finally {
      await connection.close();
    }
  });
});

describe.skipIf(isSkipped("redis"))("an entry of a Redis stream that is too large to be kept", () => {
  it("is quarantined with its size, hash and ID, and does not stop the next one", async () => {
    await using broker = await startRedis();
    const { port, password } = broker;
    const client = new Redis({ host: "127.0.0.1", port, password });
    try {
      const publish = async (large: Buffer, small: string): Promise<void> => {
        await client.xadd("in", large === LARGE ? "7-7" : "*", "body", large, "unit", "C");
        await client.xadd("in", "*", "body", small);
      };
      const left = async (): Promise<number> => {
        const [group] = (await client.xinfo("GROUPS", "in")) as readonly (readonly (string | number)[])[];
        return Number(group![group!.indexOf("pending") + 1]);
      };
      const config = { url: `redis://127.0.0.1:${port}`, password, stream: "in", bodyField: "body" };
      expect(await quarantined({ kind: "redis", config, publish, left })).toContain("entry 7-7");
    } finally {
      client.disconnect();
    }
  });
});

describe.skipIf(isSkipped("nats"))("a message of NATS that is too large to be kept", () => {
  it("is quarantined with its size, hash and sequence, and does not stop the next one", async () => {
    await using broker = await startNats("", "always", undefined, "64MB");
    const connection = await connectNats({ servers: `127.0.0.1:${broker.port}` });
    try {
      const manager = await jetstreamManager(connection);
      await manager.streams.add({ name: "IN", subjects: ["in.>"] });
      const client = jetstream(connection, { timeout: 60_000 });
      const publish = async (large: Buffer, small: string): Promise<void> => {
        await client.publish("in.a", large);
        await client.publish("in.a", small);
      };
      const left = async (): Promise<number> => {
        for await (const { num_ack_pending: unacknowledged, num_pending: waiting } of manager.consumers.list("IN")) {
          return unacknowledged + waiting;
        }
        return NaN;
      };
      const config = { servers: `127.0.0.1:${broker.port}`, stream: "IN", tls: false };
      // JetStream stores no message above 32 MiB.
      const large = LARGE.subarray(0, 30 * MIB);
      expect(await quarantined({ kind: "nats", config, publish, left, large })).toContain("sequence 1 of stream IN");
    } finally {
      await connection.close();
    }
  });
});

describe.skipIf(isSkipped("kafka"))("a record batch of Kafka that is too large to be kept", () => {
  it("is quarantined with its size, hash and offset, and does not stop the next one", async () => {
    await using broker = await startKafka({ maxMessageBytes: 80 * MIB });
    const base = { clientId: "test", bootstrapBrokers: [broker.plain] };
    const admin = new Admin(base);
    await admin.createTopics({ topics: ["in"], partitions: 1 });
    await admin.close();
    const producer = new Producer(base);
    try {
      const send = (value: Buffer) => producer.send({ messages: [{ topic: "in", value }] });
      const publish = async (large: Buffer, small: string): Promise<void> => {
        // The first record has the offset 0.
        await send(large);
        await send(Buffer.from(small));
      };
      const config = { brokers: broker.plain, topics: "in", tls: false, start: "all" };
      const left = (): Promise<number> => Promise.resolve(0);
      const detail = await quarantined({ kind: "kafka", config, publish, left, isEncoded: true });
      expect(detail).toContain("the batch that ends at offset 0 of partition 0");
    } finally {
      await producer.close(true);
    }
  });
});

describe.skipIf(isSkipped("kafka"))("compressed records of Kafka", () => {
  it("are read, and a batch that becomes too large is quarantined and does not stop the next one", async () => {
    await using broker = await startKafka({});
    const base = { clientId: "test", bootstrapBrokers: [broker.plain] };
    const admin = new Admin(base);
    await admin.createTopics({ topics: ["in"], partitions: 1 });
    await admin.close();
    const source = await scene.connected("kafka", { brokers: broker.plain, topics: "in", tls: false, start: "all" });
    const producer = new Producer(base);
    try {
      const compressions = ["gzip", "snappy", "lz4", "zstd"] as const;
      for (const [n, compression] of compressions.entries()) {
        const value = JSON.stringify({ n, text: "x".repeat(2000) });
        const messages = [1, 2, 3].map(() => ({ topic: "in", value: Buffer.from(value) }));
        await producer.send({ messages, compression });
      }
      // A few kilobytes that become 100 MiB.
      const bomb = Buffer.alloc(100 * MIB);
      await producer.send({ messages: [{ topic: "in", value: bomb }], compression: "gzip" });
      await producer.send({ messages: [{ topic: "in", value: Buffer.from(`{"n":9}`) }], compression: "gzip" });
      const messages = await scene.messages(source, 13);
      const numbers = messages.map(({ payload }) => (payload as { n: number }).n);
      expect(numbers).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 9]);
      const [entry, ...others] = await scene.gateway.quarantine(source);
      expect(entry).toMatchObject({ reason: "too_large", detail: expect.stringContaining("offset 12 of partition 0") });
      expect(entry).toMatchObject({ detail: expect.stringMatching(/more than 64 MiB .* when it is decompressed/) });
      expect(others).toEqual([]);
      expect(await scene.state(source)).toMatchObject({ state: "running", failures: 0 });
    } finally {
      await producer.close(true);
    }
  });
});

describe("messages of Google Cloud Pub/Sub that do not fit into one response", () => {
  it("are pulled in smaller numbers", async () => {
    await using pubSub = await startPubSub(2000);
    await using own = await BrokerScene.start({ POSTHORN_GOOGLE_TOKEN_URLS: pubSub.tokenUrl });
    // The maximum size of the service. As base64 text, they are longer by a third.
    for (let n = 0; n < 7; n++) pubSub.publish(`m${n}`, Buffer.alloc(10_000_000, "x"));
    pubSub.publish("small", Buffer.from(`{"n":1}`));
    const fields = { kind: "googlePubSub", config: pubSub.config, maxBodyBytes: 1000 };
    const source = await own.gateway.source(fields, false);
    expect(await own.messages(source, 1)).toMatchObject([{ payload: { n: 1 } }]);
    expect(await own.gateway.quarantine(source, 7)).toHaveLength(7);
    await expect.poll(() => pubSub.unacknowledged, { timeout: 30_000 }).toBe(0);
    expect(await own.state(source)).toMatchObject({ failures: 0 });
  });
});
