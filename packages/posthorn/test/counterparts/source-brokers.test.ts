/** Brokers as sources. MQTT is in a separate file. */
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect as connectNats, headers as natsHeaders } from "@nats-io/transport-node";
import { Admin, Producer } from "@platformatic/kafka";
import { eventually } from "@posthorn/testkit";
import {
  isSkipped,
  KAFKA_USER,
  startKafka,
  startMoto,
  startNats,
  startRabbitMq,
  startRedis,
} from "@posthorn/testkit/counterparts";
import { connect as connectRabbitMq } from "amqplib";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AwsClient, awsConfig } from "./aws-client.ts";
import { BrokerScene } from "./sources.ts";
import { ALL_BYTES } from "./support.ts";

let scene: BrokerScene;
beforeAll(async () => {
  scene = await BrokerScene.start();
});
afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

describe.skipIf(isSkipped("rabbitmq"))("a RabbitMQ source", () => {
  let broker: Awaited<ReturnType<typeof startRabbitMq>>;
  beforeAll(async () => {
    broker = await startRabbitMq();
  });
  afterAll(() => broker[Symbol.asyncDispose]());

  async function channelWith(queue: string) {
    const connection = await connectRabbitMq(broker.url);
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue(queue, { durable: true });
    return { channel, [Symbol.asyncDispose]: () => connection.close() };
  }

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
  ])(
    "stores the exact bytes with properties and headers, and drops a repeated message ID (%s)",
    async (kind, configOf) => {
      const queue = `bytes-${kind}`;
      await using opened = await channelWith(queue);
      const source = await scene.connected(kind, configOf(queue));
      const options = {
        messageId: "m1",
        contentType: "application/x-sample",
        timestamp: 1_767_323_045,
        headers: { unit: "C" },
      };
      for (const messageId of ["m1", "m1", "m2"]) {
        opened.channel.sendToQueue(queue, Buffer.from(ALL_BYTES), { ...options, messageId });
      }
      await opened.channel.waitForConfirms();
      const messages = await scene.messages(source, 2);
      expect(messages.map(({ eventId }) => eventId)).toEqual(["m1", "m2"]);
      const { body, headers } = await scene.raw(messages[0]!);
      expect(body).toEqual(ALL_BYTES);
      expect(headers).toMatchObject({ "amqp-message-id": "m1" });
      // RabbitMQ 3 does not translate headers into application properties.
      expect(headers["unit"]).toBe(kind === "rabbitMq" ? "C" : undefined);
      await eventually(async () => expect((await opened.channel.checkQueue(queue)).messageCount).toBe(0));
    },
  );

  it("reports a missing queue and wrong credentials, and reconnects after a restart of the broker", async () => {
    expect(await scene.failure("rabbitMq", { uri: broker.url, queue: "missing" })).toMatchObject({
      code: "target_not_found",
    });
    const wrong = new URL(broker.url);
    wrong.password = "wrong-one";
    const credentials = await scene.failure("rabbitMq", { uri: wrong.href, queue: "missing" });
    expect(credentials.code).toBe("credentials_refused");
    expect(credentials.text).not.toContain("wrong-one");
    const queue = "restarted";
    {
      await using opened = await channelWith(queue);
      expect(opened.channel).toBeDefined();
    }
    const source = await scene.connected("rabbitMq", {
      uri: broker.url,
      queue,
      identity: "none",
      eventType: "r.{topic}",
    });
    await broker.program.kill();
    await eventually(async () => expect(await scene.state(source)).toMatchObject({ state: "failing" }));
    await broker.program.start();
    await using opened = await eventually(() => channelWith(queue));
    opened.channel.sendToQueue(queue, Buffer.from("after"), { persistent: true });
    expect(await scene.messages(source, 1)).toMatchObject([{ eventType: "r.restarted" }]);
  });
});

describe.skipIf(isSkipped("kafka"))("a Kafka source", () => {
  let broker: Awaited<ReturnType<typeof startKafka>>;
  let producer: Producer;
  let admin: Admin;
  beforeAll(async () => {
    broker = await startKafka();
    const base = { clientId: "test", bootstrapBrokers: [broker.plain] };
    producer = new Producer(base);
    admin = new Admin(base);
    await admin.createTopics({ topics: ["first", "second", "private"], partitions: 2 });
  });
  afterAll(async () => {
    await producer.close(true);
    await admin.close();
    await broker[Symbol.asyncDispose]();
  });
  const configOf = (changes: object = {}) => ({
    brokers: broker.plain,
    topics: "first,second",
    tls: false,
    ...changes,
  });
  const write = (topic: string, value: Uint8Array | string, more: object = {}) =>
    producer.send({ messages: [{ topic, key: Buffer.from("k1"), value: Buffer.from(value), ...more }], acks: -1 });

  it("begins with new records or with all, stores exact bytes with key and headers, and removes its group", async () => {
    await write("first", "old");
    const source = await scene.connected("kafka", configOf({ eventType: "kafka.{topic}" }));
    const all = await scene.connected("kafka", configOf({ start: "all" }));
    await write("first", ALL_BYTES, {
      headers: new Map([[Buffer.from("unit"), Buffer.from("C")]]),
      timestamp: 1_767_323_045_000n,
    });
    await write("second", "two");
    const messages = await scene.messages(source, 2);
    expect(messages).toHaveLength(2);
    const exact = messages.find(({ eventType }) => eventType === "kafka.first")!;
    expect(exact.eventId).toMatch(/^first\/[01]\/\d+@1767323045000$/);
    const { body, headers } = await scene.raw(exact);
    expect(body).toEqual(ALL_BYTES);
    expect(headers).toMatchObject({ "kafka-topic": "first", "kafka-message-key": "k1", unit: "C" });
    expect(await scene.messages(all, 3)).toHaveLength(3);
    const groups = async () => [...(await admin.listGroups()).keys()];
    await scene.delete(source);
    // It reads with a group of others now.
    await scene.change(all, "kafka", configOf({ start: "all", groupId: "shared" }));
    await eventually(async () => {
      const now = await groups();
      expect(now).toContain("shared");
      for (const { id } of [source, all]) expect(now).not.toContain(`posthorn-${id}`);
    });
  });

  it("reports a missing topic and wrong credentials", async () => {
    expect(await scene.failure("kafka", configOf({ topics: "missing" }))).toMatchObject({ code: "target_not_found" });
    const sasl = {
      brokers: broker.sasl,
      saslMechanism: "scram-sha-256",
      username: KAFKA_USER.name,
      password: "wrong-one",
    };
    const credentials = await scene.failure("kafka", configOf(sasl));
    expect(credentials.code).toBe("credentials_refused");
    expect(credentials.text).not.toContain("wrong-one");
  });
});

describe.skipIf(isSkipped("nats"))("a NATS source", () => {
  let broker: Awaited<ReturnType<typeof startNats>>;
  beforeAll(async () => {
    broker = await startNats();
  });
  afterAll(() => broker[Symbol.asyncDispose]());
  const configOf = (changes: object = {}) => ({
    servers: `127.0.0.1:${broker.port}`,
    stream: "IN",
    tls: false,
    ...changes,
  });

  it("begins with new messages or with all, stores exact bytes with subject and headers, and removes its consumer", async () => {
    const connection = await connectNats({ servers: `127.0.0.1:${broker.port}` });
    try {
      const manager = await jetstreamManager(connection);
      await manager.streams.add({ name: "IN", subjects: ["in.>"] });
      const client = jetstream(connection);
      await client.publish("in.old", "old");
      const source = await scene.connected("nats", configOf({ subjects: "in.*.temp", eventType: "nats.{topic:2}" }));
      const all = await scene.connected("nats", configOf({ start: "all" }));
      const headers = natsHeaders();
      headers.set("unit", "C");
      await client.publish("in.a.temp", ALL_BYTES, { headers });
      await client.publish("in.a.other", "not wanted");
      const [message] = await scene.messages(source, 1);
      expect(message).toMatchObject({ eventType: "nats.a", eventId: expect.stringMatching(/^IN\/2@\d{19}$/) });
      const raw = await scene.raw(message!);
      expect(raw.body).toEqual(ALL_BYTES);
      expect(raw.headers).toMatchObject({ "nats-subject": "in.a.temp", unit: "C" });
      expect(await scene.messages(all, 3)).toHaveLength(3);
      expect(await scene.all(source)).toHaveLength(1);
      await scene.change(source, "nats", configOf({ subjects: "in.*.other", eventType: "nats.{topic:2}" }));
      await scene.running(source);
      await client.publish("in.b.other", "wanted now");
      // The position is kept, so that messages after it that the old subjects skipped are read now.
      expect(await scene.messages(source, 3)).toMatchObject([{}, { eventType: "nats.a" }, { eventType: "nats.b" }]);
      const consumers = async (stream: string): Promise<readonly string[]> => {
        const names: string[] = [];
        for await (const { name } of manager.consumers.list(stream)) names.push(name);
        return names;
      };
      await scene.delete(source);
      await eventually(async () => expect(await consumers("IN")).toEqual([`posthorn-${all.id}`]));
      await manager.streams.add({ name: "OTHER", subjects: ["other.>"] });
      await scene.change(all, "nats", configOf({ start: "all", stream: "OTHER" }));
      await eventually(async () => expect(await consumers("OTHER")).toEqual([`posthorn-${all.id}`]));
      await eventually(async () => expect(await consumers("IN")).toEqual([]));
    } finally {
      await connection.close();
    }
  });

  it("reports a missing stream", async () => {
    expect(await scene.failure("nats", configOf({ stream: "MISSING" }))).toMatchObject({ code: "target_not_found" });
  });
});

describe.skipIf(isSkipped("redis"))("a Redis source", () => {
  let broker: Awaited<ReturnType<typeof startRedis>>;
  let client: Redis;
  beforeAll(async () => {
    broker = await startRedis();
    client = new Redis({ host: "127.0.0.1", port: broker.port, password: broker.password });
  });
  afterAll(async () => {
    client.disconnect();
    await broker[Symbol.asyncDispose]();
  });
  const configOf = (changes: object = {}) => ({
    url: `redis://127.0.0.1:${broker.port}`,
    password: broker.password,
    stream: "in",
    ...changes,
  });

  it("begins with new entries or with all, stores exact bytes or all fields, and removes its group", async () => {
    await client.xadd("in", "*", "body", "old");
    const source = await scene.connected("redis", configOf({ bodyField: "body" }));
    const all = await scene.connected("redis", configOf({ start: "all" }));
    const id = await client.xadd("in", "*", "unit", "C", "body", Buffer.from(ALL_BYTES));
    const [message] = await scene.messages(source, 1);
    expect(message).toMatchObject({ eventType: "redis.entry", eventId: id });
    const { body, headers } = await scene.raw(message!);
    expect(body).toEqual(ALL_BYTES);
    expect(headers).toMatchObject({ "redis-entry-id": id, unit: "C" });
    expect(await scene.messages(all, 2)).toMatchObject([{ payload: { body: "old" } }, { payload: { unit: "C" } }]);
    await scene.delete(source);
    await eventually(async () => {
      const groups = (await client.xinfo("GROUPS", "in")) as readonly (readonly unknown[])[];
      expect(groups.map(([, name]) => name)).toEqual([`posthorn-${all.id}`]);
    });
  });

  it("reads entries again that its consumer received over a lost connection", { timeout: 120_000 }, async () => {
    await client.xgroup("CREATE", "taken", "readers", "$", "MKSTREAM");
    const config = configOf({ stream: "taken", group: "readers", bodyField: "body" });
    const source = await scene.connected("redis", config);
    const id = await client.xadd("taken", "*", "body", "once");
    await scene.messages(source, 1);
    const pending = async (): Promise<number> => ((await client.xpending("taken", "readers")) as [number])[0];
    await expect.poll(pending, { timeout: 30_000 }).toBe(0);
    // Like a node that was frozen after it had sent its request: the entry is pending, and no connection has received it.
    await client.xclaim("taken", "readers", `posthorn-${source.id}`, 0, id!, "FORCE", "JUSTID");
    expect(await pending()).toBe(1);
    await expect.poll(pending, { timeout: 60_000, interval: 500 }).toBe(0);
    expect(await scene.all(source)).toHaveLength(1);
  });

  it("reports wrong credentials and a missing group", async () => {
    const credentials = await scene.failure("redis", configOf({ password: "wrong-one" }));
    expect(credentials.code).toBe("credentials_refused");
    expect(credentials.text).not.toContain("wrong-one");
    expect(await scene.failure("redis", configOf({ group: "missing" }))).toMatchObject({ code: "target_not_found" });
  });
});

describe.skipIf(isSkipped("moto"))("an SQS or S3 source", () => {
  let broker: Awaited<ReturnType<typeof startMoto>>;
  let aws: AwsClient;
  beforeAll(async () => {
    broker = await startMoto();
    aws = new AwsClient(broker.url);
  });
  afterAll(() => broker[Symbol.asyncDispose]());

  it("stores bodies with attributes, and deletes the messages", async () => {
    const queueUrl = await aws.createQueue("in");
    const source = await scene.connected("sqs", { ...awsConfig(broker.url), queueUrl, eventType: "sqs.{header:kind}" });
    const attribute = { DataType: "String", StringValue: "order" };
    for (let n = 0; n < 25; n++) {
      await aws.json("sqs", "AmazonSQS.SendMessage", {
        QueueUrl: queueUrl,
        MessageBody: `{"n": ${n}.0}`,
        MessageAttributes: { kind: attribute },
      });
    }
    const messages = await scene.messages(source, 25);
    expect(messages).toHaveLength(25);
    expect(new Set(messages.map(({ eventType }) => eventType))).toEqual(new Set(["sqs.order"]));
    const { body, headers } = await scene.raw(messages[0]!);
    expect(Buffer.from(body).toString()).toMatch(/^\{"n": \d+\.0\}$/);
    expect(headers).toMatchObject({ "sqs-queue": "in", "sqs-message-id": messages[0]!.eventId });
    await eventually(async () => {
      const { Attributes: counts } = await aws.json("sqs", "AmazonSQS.GetQueueAttributes", {
        QueueUrl: queueUrl,
        AttributeNames: ["All"],
      });
      expect(counts).toMatchObject({ ApproximateNumberOfMessages: "0", ApproximateNumberOfMessagesNotVisible: "0" });
    });
  });

  it("reports a missing queue", async () => {
    const queueUrl = `${broker.url}/123456789012/missing`;
    expect(await scene.failure("sqs", { ...awsConfig(broker.url), queueUrl })).toMatchObject({
      code: "target_not_found",
    });
  });

  it("finds new and changed objects of a bucket once, with their content or a description", async () => {
    const put = (key: string, body: string) =>
      aws.request({
        service: "s3",
        method: "PUT",
        path: `/uploads/${key}`,
        headers: ["content-type", "text/csv"],
        body,
      });
    await aws.request({ service: "s3", method: "PUT", path: "/uploads", body: location });
    for (let n = 0; n < 3; n++) await put(`in/old-${n}.csv`, "old");
    const config = { ...awsConfig(broker.url), bucket: "uploads", prefix: "in/", suffix: ".csv", everySeconds: 30 };
    const source = await scene.gateway.source(
      { kind: "s3", config: { ...config, content: true, maxObjectBytes: 10 } },
      false,
    );
    const all = await scene.gateway.source({ kind: "s3", config: { ...config, start: "all" } }, false);
    const poll = async (polled: typeof source): Promise<void> => {
      await scene.gateway.call("POST", `ingest/api/v1/source/${polled.id}/poll`);
    };
    expect(await scene.messages(all, 3)).toMatchObject([
      { eventType: "s3.object", payload: { bucket: "uploads", key: "in/old-0.csv", size: 3 } },
      {},
      {},
    ]);
    await eventually(async () => expect((await scene.state(source))["lastSuccessAt"]).not.toBeNull());
    await put("in/a b+ü.csv", "1;2");
    await put("in/large.csv", "x".repeat(50));
    await put("in/other.txt", "no");
    await put("out/other.csv", "no");
    await poll(source);
    const found = await scene.messages(source, 2);
    expect(found.map(({ eventId }) => eventId!.split("@")[0])).toEqual(["in/a b+ü.csv", "in/large.csv"]);
    const raw = await scene.raw(found[0]!);
    expect(Buffer.from(raw.body).toString()).toBe("1;2");
    expect(raw.headers).toMatchObject({ "s3-object": "in/a b+ü.csv", "s3-size": "3" });
    expect(found[1]).toMatchObject({ payload: { key: "in/large.csv", size: 50 } });
    await put("in/old-0.csv", "changed");
    await poll(source);
    expect(await scene.messages(source, 3)).toHaveLength(3);
    await poll(source);
    await poll(all);
    expect(await scene.messages(all, 6)).toHaveLength(6);
    expect(await scene.all(source)).toHaveLength(3);
  });

  it("reports a missing bucket", async () => {
    expect(await scene.failure("s3", { ...awsConfig(broker.url), bucket: "missing" })).toMatchObject({
      code: "target_not_found",
    });
  });
});

const location =
  '<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>eu-central-1</LocationConstraint></CreateBucketConfiguration>';
