import { isSkipped, startRabbitMq, type TestRabbitMq } from "@posthorn/testkit/counterparts";
import { type ChannelModel, type ConfirmChannel, connect } from "amqplib";
import { eventually } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accepted, ALL_BYTES, messageOf, openConnector, rejected, type TestConnector } from "./support.ts";

describe.skipIf(isSkipped("rabbitmq"))("RabbitMQ", () => {
  let broker: TestRabbitMq;
  let connection: ChannelModel;
  let channel: ConfirmChannel;
  let connector: TestConnector;

  const reconnect = async (): Promise<void> => {
    // The broker closes a connection without heartbeats, and a busy machine can delay them.
    connection = await connect(`${broker.url}?heartbeat=0`);
    connection.on("error", () => undefined);
    channel = await connection.createConfirmChannel();
    channel.on("error", () => undefined);
  };
  const configOf = (changes: object = {}) => ({ uri: broker.url, routingKey: "events", ...changes });
  const amqpOf = (changes: object = {}) => ({
    url: `amqp://127.0.0.1:${broker.port}`,
    address: "/amq/queue/events-1.0",
    username: "guest",
    password: "guest",
    ...changes,
  });

  beforeAll(async () => {
    broker = await startRabbitMq();
    await reconnect();
    await channel.assertQueue("events", { durable: true });
    await channel.assertQueue("events-1.0", { durable: true });
    connector = openConnector();
  });
  afterAll(async () => {
    await connector?.[Symbol.asyncDispose]();
    await broker?.[Symbol.asyncDispose]();
  });

  describe("over AMQP 0.9.1", () => {
    it("receives the exact bytes as a durable message with ID, type, content type and headers", async () => {
      const message = messageOf(ALL_BYTES);
      accepted(await connector.send("rabbitMq", configOf(), message));
      const received = await channel.get("events", { noAck: true });
      if (received === false) throw new Error("the queue is empty");
      expect(received.content).toEqual(Buffer.from(ALL_BYTES));
      const { messageId, type, contentType, deliveryMode, headers, timestamp } = received.properties;
      expect({ messageId, type, contentType, deliveryMode, timestamp }).toEqual({
        messageId: message.id,
        type: "invoice.paid",
        contentType: "application/json",
        deliveryMode: 2,
        timestamp: 1_767_323_045,
      });
      expect(headers).toEqual(Object.fromEntries(message.attributes));
    });

    it("receives hundreds of messages that are sent at once, each one once", async () => {
      const messages = Array.from({ length: 300 }, () => messageOf());
      for (const result of await Promise.all(
        messages.map((message) => connector.send("rabbitMq", configOf(), message)),
      ))
        accepted(result);
      expect((await channel.checkQueue("events")).messageCount).toBe(300);
      await channel.purgeQueue("events");
    });

    it("rejects a message that the protocol cannot express, and keeps the connection of the others", async () => {
      const long = { ...messageOf(), attributes: [["n".repeat(256), "value"] as const] };
      const large = { ...messageOf(), attributes: [["x-large", "v".repeat(300_000)] as const] };
      const messages = [messageOf(), long, messageOf(), large, messageOf()];
      const results = await Promise.all(messages.map((message) => connector.send("rabbitMq", configOf(), message)));
      for (const index of [0, 2, 4]) accepted(results[index]!);
      rejected(results[1]!, "refused", "message_invalid");
      rejected(results[3]!, "refused", "message_too_large");
      expect((await channel.checkQueue("events")).messageCount).toBe(3);
      await channel.purgeQueue("events");
    });

    it("does not lose unroutable messages: the broker returns them", async () => {
      const sentence = rejected(
        await connector.send("rabbitMq", configOf({ routingKey: "nowhere" }), messageOf()),
        "closed",
        "target_not_found",
      );
      expect(sentence).toContain("312 NO_ROUTE");
      const large = messageOf(Buffer.alloc(3_000_000));
      rejected(
        await connector.send("rabbitMq", configOf({ routingKey: "nowhere" }), large),
        "closed",
        "target_not_found",
      );
      await channel.assertExchange("unbound", "topic");
      rejected(
        await connector.send("rabbitMq", configOf({ exchange: "unbound" }), messageOf()),
        "closed",
        "target_not_found",
      );
    });

    it("rejects an exchange and a virtual host that do not exist", async () => {
      rejected(
        await connector.send("rabbitMq", configOf({ exchange: "missing" }), messageOf()),
        "closed",
        "target_not_found",
      );
      rejected(
        await connector.send("rabbitMq", configOf({ uri: `${broker.url}/missing` }), messageOf()),
        "closed",
        "target_not_found",
      );
    });

    it("rejects wrong credentials without repeating them, and a user without permission", async () => {
      const wrong = broker.url.replace("guest:guest", "guest:wrong-password");
      const sentence = rejected(
        await connector.send("rabbitMq", configOf({ uri: wrong }), messageOf()),
        "closed",
        "credentials_refused",
      );
      expect(sentence).not.toContain("wrong-password");
      broker.evaluate(`
        rabbit_auth_backend_internal:add_user(<<"reader">>, <<"reader-secret">>, <<"test">>),
        rabbit_auth_backend_internal:set_permissions(<<"reader">>, <<"/">>, <<>>, <<>>, <<".*">>, <<"test">>).`);
      await channel.assertExchange("bound", "fanout");
      const reader = broker.url.replace("guest:guest", "reader:reader-secret");
      rejected(
        await connector.send("rabbitMq", configOf({ uri: reader, exchange: "bound" }), messageOf()),
        "closed",
        "credentials_refused",
      );
    });

    it("retries a message that a full queue rejects", async () => {
      await channel.assertQueue("full", { arguments: { "x-max-length": 1, "x-overflow": "reject-publish" } });
      accepted(await connector.send("rabbitMq", configOf({ routingKey: "full" }), messageOf()));
      rejected(
        await connector.send("rabbitMq", configOf({ routingKey: "full" }), messageOf()),
        "retry",
        "target_unavailable",
      );
    });

    it("rejects a message that is larger than the broker accepts, and sends the next one", async () => {
      broker.evaluate("application:set_env(rabbit, max_message_size, 100000).");
      try {
        // Channels read the limit when they are opened.
        await using other = openConnector();
        const large = messageOf(Buffer.alloc(200_000));
        rejected(await other.send("rabbitMq", configOf(), large), "refused", "message_too_large");
        accepted(await other.send("rabbitMq", configOf(), messageOf()));
      } finally {
        broker.evaluate("application:set_env(rabbit, max_message_size, 134217728).");
      }
    });

    it("pauses while the memory alarm of the broker is on", async () => {
      accepted(await connector.send("rabbitMq", configOf(), messageOf()));
      broker.evaluate("vm_memory_monitor:set_vm_memory_high_watermark(0.000001).");
      // The first message after the alarm makes the broker block the connection.
      await eventually(async () =>
        rejected(
          await connector.send("rabbitMq", configOf(), messageOf(), { timeoutMs: 2000 }),
          "later",
          "target_unavailable",
        ),
      );
      broker.evaluate('vm_memory_monitor:set_vm_memory_high_watermark({absolute, "512MB"}).');
      await eventually(async () => accepted(await connector.send("rabbitMq", configOf(), messageOf())));
    });
  });

  describe("over AMQP 1.0", () => {
    it("receives the exact bytes with ID, subject and application properties", async () => {
      const message = messageOf(ALL_BYTES);
      accepted(await connector.send("amqp", amqpOf(), message));
      const received = await channel.get("events-1.0", { noAck: true });
      if (received === false) throw new Error("the queue is empty");
      // RabbitMQ 3 passes the data section of AMQP 1.0 unchanged to clients of 0.9.1.
      expect(received.content.subarray(-ALL_BYTES.byteLength)).toEqual(Buffer.from(ALL_BYTES));
      expect(received.properties.messageId).toBe(message.id);
    });

    it("receives hundreds of messages that are sent at once, each one once", async () => {
      const messages = Array.from({ length: 300 }, () => messageOf());
      for (const result of await Promise.all(messages.map((message) => connector.send("amqp", amqpOf(), message))))
        accepted(result);
      expect((await channel.checkQueue("events-1.0")).messageCount).toBe(300);
    });

    it("rejects wrong credentials and missing addresses", async () => {
      const wrong = await connector.send("amqp", amqpOf({ password: "wrong-password" }), messageOf());
      expect(rejected(wrong, "closed", "credentials_refused")).not.toContain("wrong-password");
      rejected(
        await connector.send("amqp", amqpOf({ address: "/exchange/missing/key" }), messageOf()),
        "closed",
        "target_not_found",
      );
    });
  });

  it("has its messages retried when it is killed before it has confirmed, and accepts again after its restart", async () => {
    broker.program.freeze();
    const sent = [connector.send("rabbitMq", configOf(), messageOf()), connector.send("amqp", amqpOf(), messageOf())];
    await new Promise((resolve) => setTimeout(resolve, 300));
    await broker.program.kill();
    for (const result of await Promise.all(sent)) rejected(result, "retry", "connection_failed");
    await broker.program.start();
    await eventually(async () => accepted(await connector.send("rabbitMq", configOf(), messageOf())));
    await eventually(async () => accepted(await connector.send("amqp", amqpOf(), messageOf())));
  });
});
