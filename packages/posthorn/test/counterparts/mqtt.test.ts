import { eventually } from "@posthorn/testkit";
import { isSkipped, startMosquitto, type TestMosquitto } from "@posthorn/testkit/counterparts";
import { connectAsync, type IPublishPacket, type MqttClient } from "mqtt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accepted, ALL_BYTES, messageOf, openConnector, rejected, type TestConnector } from "./support.ts";

describe.skipIf(isSkipped("mosquitto"))("MQTT", () => {
  let broker: TestMosquitto;
  let consumer: MqttClient;
  let connector: TestConnector;
  let received: { readonly topic: string; readonly payload: Buffer; readonly packet: IPublishPacket }[] = [];
  const configOf = (changes: object = {}) => ({
    url: `mqtt://127.0.0.1:${broker.port}`,
    topic: "events/a",
    ...changes,
  });
  const aliceOf = (changes: object = {}) =>
    configOf({
      url: `mqtt://127.0.0.1:${broker.passwordPort}`,
      username: "alice",
      password: "alice-secret",
      ...changes,
    });

  beforeAll(async () => {
    broker = await startMosquitto("max_packet_size 200000");
    consumer = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, {
      protocolVersion: 5,
      clean: false,
      clientId: "consumer",
      properties: { sessionExpiryInterval: 3600 },
      reconnectPeriod: 100,
    });
    consumer.on("error", () => undefined);
    consumer.on("message", (topic, payload, packet) => void received.push({ topic, payload, packet }));
    await consumer.subscribeAsync("events/#", { qos: 1 });
    connector = openConnector();
  });
  afterAll(async () => {
    await consumer?.endAsync(true);
    await connector?.[Symbol.asyncDispose]();
    await broker?.[Symbol.asyncDispose]();
  });

  it("receives the exact bytes with content type and user properties", async () => {
    received = [];
    const message = messageOf(ALL_BYTES);
    accepted(await connector.send("mqtt", configOf(), message));
    await eventually(() => expect(received).toHaveLength(1));
    const [{ topic, payload, packet }] = received as [(typeof received)[number]];
    expect(topic).toBe("events/a");
    expect(payload).toEqual(Buffer.from(ALL_BYTES));
    expect(packet.properties).toMatchObject({
      contentType: "application/json",
      userProperties: { ...Object.fromEntries(message.attributes), "event-type": "invoice.paid" },
    });
  });

  it("receives hundreds of messages that are sent at once, each one once", async () => {
    received = [];
    const messages = Array.from({ length: 300 }, () => messageOf());
    for (const result of await Promise.all(messages.map((message) => connector.send("mqtt", configOf(), message))))
      accepted(result);
    await eventually(() => expect(received).toHaveLength(300));
  });

  it("rejects wrong credentials without repeating them, and topics that the user may not write to", async () => {
    const wrong = await connector.send(
      "mqtt",
      aliceOf({ password: "wrong-password", topic: "allowed/a" }),
      messageOf(),
    );
    expect(rejected(wrong, "closed", "credentials_refused")).not.toContain("wrong-password");
    accepted(await connector.send("mqtt", aliceOf({ topic: "allowed/a" }), messageOf()));
    rejected(
      await connector.send("mqtt", aliceOf({ topic: "events/a" }), messageOf()),
      "closed",
      "credentials_refused",
    );
    accepted(await connector.send("mqtt", aliceOf({ topic: "allowed/a" }), messageOf()));
  });

  it("rejects messages that are larger than the broker accepts, and sends the next one", async () => {
    const large = messageOf(Buffer.alloc(300_000));
    rejected(await connector.send("mqtt", configOf(), large), "refused", "message_too_large");
    accepted(await connector.send("mqtt", configOf(), messageOf()));
  });

  it("has its messages retried when it is killed before it has acknowledged, and accepts again after its restart", async () => {
    broker.program.freeze();
    const sent = connector.send("mqtt", configOf(), messageOf());
    await new Promise((resolve) => setTimeout(resolve, 200));
    await broker.program.kill();
    rejected(await sent, "retry", "connection_failed");
    await broker.program.start();
    await eventually(async () => accepted(await connector.send("mqtt", configOf(), messageOf())));
  });
});
