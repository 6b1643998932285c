import { Admin, Consumer, type Message } from "@platformatic/kafka";
import { eventually } from "@posthorn/testkit";
import { isSkipped, KAFKA_USER, startKafka, type TestKafka } from "@posthorn/testkit/counterparts";
import { startLab } from "@posthorn/egress/lab";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openListener } from "./listening.ts";
import {
  accepted,
  ALL_BYTES,
  messageOf,
  openConnector,
  rejected,
  type TestConnector,
  terminated,
  toThisMachine,
} from "./support.ts";

type Record_ = Message;

/** Resolves when everything sent so far has been posted to the connector thread. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe.skipIf(isSkipped("kafka"))("Kafka", () => {
  let kafka: TestKafka;
  let lab: Awaited<ReturnType<typeof startLab>>;
  let connector: TestConnector;
  const configOf = (changes: object = {}) => ({ brokers: kafka.plain, topic: "events", tls: false, ...changes });
  const saslOf = (mechanism: string, password: string = KAFKA_USER.password) =>
    configOf({ brokers: kafka.sasl, saslMechanism: mechanism, username: KAFKA_USER.name, password });

  async function withAdmin(work: (admin: Admin) => Promise<unknown>): Promise<void> {
    const admin = new Admin({ clientId: "test", bootstrapBrokers: [kafka.plain] });
    await work(admin);
    await admin.close();
  }

  async function createTopics(...topics: string[]): Promise<void> {
    await withAdmin((admin) => admin.createTopics({ topics }));
  }

  /** All records of a topic, in order. */
  async function recordsOf(topic: string, count: number): Promise<readonly Record_[]> {
    const consumer = new Consumer({
      clientId: "test",
      groupId: `g-${topic}-${count}`,
      bootstrapBrokers: [kafka.plain],
    });
    const records: Record_[] = [];
    const stream = await consumer.consume({ topics: [topic], mode: "earliest", autocommit: false, maxWaitTime: 100 });
    for await (const record of stream) if (records.push(record) >= count) break;
    await consumer.close(true);
    return records;
  }

  beforeAll(async () => {
    lab = await startLab();
    const { good, ca } = lab.certificates;
    kafka = await startKafka({ tls: { cert: good.cert, key: good.key, ca: ca.cert } });
    await createTopics("events", "many", "small", "warm", "canceled");
    connector = openConnector();
    // The coordinator that gives producers their IDs loads for a moment after the start.
    await eventually(async () => accepted(await connector.send("kafka", configOf({ topic: "warm" }), messageOf())));
  });
  afterAll(async () => {
    await connector?.[Symbol.asyncDispose]();
    await kafka?.[Symbol.asyncDispose]();
    await lab?.[Symbol.asyncDispose]();
  });

  it("stores the exact bytes with key, headers and time, and names the offset", async () => {
    const message = messageOf(ALL_BYTES);
    expect(accepted(await connector.send("kafka", configOf(), message)).reference).toBe("events/0/0");
    const [record] = await recordsOf("events", 1);
    expect(record!.value).toEqual(Buffer.from(ALL_BYTES));
    expect(record!.key?.toString()).toBe("customer-7");
    expect(record!.timestamp).toBe(BigInt(message.createdAt));
    const headers = Object.fromEntries(
      [...record!.headers].map(([name, value]) => [name.toString(), value.toString()]),
    );
    expect(headers).toEqual({ "event-type": "invoice.paid", ...Object.fromEntries(message.attributes) });
  });

  it("stores hundreds of messages that are sent at once, in order and each one once", async () => {
    const messages = Array.from({ length: 500 }, (_, n) => messageOf(String(n)));
    const config = configOf({ topic: "many" });
    for (const result of await Promise.all(messages.map((message) => connector.send("kafka", config, message))))
      accepted(result);
    const records = await recordsOf("many", 500);
    expect(records.map(({ value }) => Number(value.toString()))).toEqual(messages.map((_, n) => n));
  });

  it.each(["plain", "scram-sha-256", "scram-sha-512"])(
    "accepts credentials with SASL %s, and rejects wrong ones without repeating them",
    async (mechanism) => {
      accepted(await connector.send("kafka", saslOf(mechanism), messageOf()));
      const wrong = await connector.send("kafka", saslOf(mechanism, "wrong-password"), messageOf());
      expect(rejected(wrong, "closed", "credentials_refused")).not.toContain("wrong-password");
    },
  );

  it("accepts a client certificate, and reports a certificate of an unknown authority", async () => {
    const { ca, client } = lab.certificates;
    const secure = configOf({
      brokers: kafka.mutualTls,
      tls: true,
      ca: ca.cert,
      clientCertificate: client.cert,
      clientKey: client.key,
    });
    accepted(await connector.send("kafka", secure, messageOf()));
    rejected(await connector.send("kafka", { ...secure, ca: null }, messageOf()), "retry", "connection_failed");
  });

  it("reports a certificate that is for another host name, or has expired", async () => {
    await using stack = new AsyncDisposableStack();
    const { ca, client, expired } = lab.certificates;
    const own = stack.use(openConnector({ vet: toThisMachine }));
    const send = async (brokers: string): Promise<string> => {
      const tls = { tls: true, ca: ca.cert, clientCertificate: client.cert, clientKey: client.key };
      return rejected(
        await own.send("kafka", configOf({ brokers, ...tls }), messageOf()),
        "retry",
        "connection_failed",
      );
    };
    const [, port] = kafka.mutualTls!.split(":");
    expect(await send(`broker.example.com:${port}`)).toMatch(/^The certificate of the target is for another host name/);
    const old = await terminated(stack, Number(kafka.plain.split(":")[1]), expired);
    expect(await send(`localhost:${old}`)).toMatch(/^The certificate of the target has expired/);
  });

  it("rejects a topic that does not exist", async () => {
    rejected(await connector.send("kafka", configOf({ topic: "missing" }), messageOf()), "closed", "target_not_found");
  });

  it("rejects a message that is larger than the topic accepts, and none of those sent with it", async () => {
    const limit = { name: "max.message.bytes", configOperation: 0, value: "10000" };
    const resources = [{ resourceType: 2, resourceName: "small", configs: [limit] }];
    await withAdmin((admin) =>
      admin.incrementalAlterConfigs({ resources } as Parameters<Admin["incrementalAlterConfigs"]>[0]),
    );
    const config = configOf({ topic: "small" });
    await eventually(async () =>
      rejected(await connector.send("kafka", config, messageOf(Buffer.alloc(20_000))), "refused", "message_too_large"),
    );
    const bodies = [Buffer.alloc(20_000), Buffer.alloc(100), Buffer.alloc(100)];
    const [large, ...small] = await Promise.all(bodies.map((body) => connector.send("kafka", config, messageOf(body))));
    rejected(large!, "refused", "message_too_large");
    for (const result of small) accepted(result);
  });

  it("does not receive a message that was canceled while it waited for the previous request", async () => {
    const config = configOf({ topic: "canceled" });
    accepted(await connector.send("kafka", config, messageOf("first")));
    kafka.program.freeze();
    const second = connector.send("kafka", config, messageOf("second"));
    // Posted separately, so that the request of the second message is in flight when it arrives.
    await nextTurn();
    const cancel = new AbortController();
    const third = connector.send("kafka", config, messageOf("third"), { signal: cancel.signal });
    await nextTurn();
    cancel.abort();
    expect(await third).toEqual({ kind: "canceled" });
    await nextTurn();
    kafka.program.unfreeze();
    accepted(await second);
    accepted(await connector.send("kafka", config, messageOf("fourth")));
    const records = await recordsOf("canceled", 3);
    expect(records.map(({ value }) => value.toString())).toEqual(["first", "second", "fourth"]);
  });

  it("is retried when the broker is killed before it has acknowledged, and accepts again after its restart", async () => {
    accepted(await connector.send("kafka", configOf(), messageOf()));
    kafka.program.freeze();
    const sent = connector.send("kafka", configOf(), messageOf());
    await new Promise((resolve) => setTimeout(resolve, 300));
    await kafka.program.kill();
    rejected(await sent, "retry", "connection_failed");
    await kafka.program.start();
    await eventually(async () => accepted(await connector.send("kafka", configOf(), messageOf())));
  });
});

describe.skipIf(isSkipped("kafka"))("a Kafka broker that advertises the metadata service", () => {
  it("is never dialled there", async () => {
    await using kafka = await startKafka({ advertised: "169.254.169.254:9092" });
    // The listener with passwords advertises its real address.
    const { name: username, password } = KAFKA_USER;
    const sasl = { mechanism: "PLAIN", username, password } as const;
    const admin = new Admin({ clientId: "test", bootstrapBrokers: [kafka.sasl], sasl });
    await admin.createTopics({ topics: ["events"] });
    await admin.close();
    await using connector = openConnector({}, "loopback,external");
    const config = { brokers: kafka.plain, topic: "events", tls: false };
    // The coordinator that gives producers their IDs loads for a moment after the start.
    const sentence = await eventually(async () =>
      rejected(await connector.send("kafka", config, messageOf()), "closed", "connection_failed"),
    );
    expect(sentence).not.toContain("169.254");
    await using listener = openListener("loopback,external");
    const read = { brokers: kafka.plain, topics: "events", tls: false };
    // The coordinator of groups loads as well.
    await eventually(async () => {
      const { result } = await listener.listen("kafka", read, AbortSignal.timeout(60_000));
      expect(result).toMatchObject({ kind: "failed", failure: { code: "address_refused" } });
    });
  });
});
