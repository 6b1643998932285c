/** MQTT as a source, with a real broker. */
import { eventually } from "@posthorn/testkit";
import { isSkipped, startMosquitto, type TestMosquitto } from "@posthorn/testkit/counterparts";
import { connectAsync, type MqttClient } from "mqtt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BrokerScene } from "./sources.ts";
import { ALL_BYTES } from "./support.ts";

describe.skipIf(isSkipped("mosquitto"))("an MQTT source", () => {
  let broker: TestMosquitto;
  let publisher: MqttClient;
  let scene: BrokerScene;
  const configOf = (changes: object = {}) => ({
    url: `mqtt://127.0.0.1:${broker.port}`,
    topics: "plant/+/temperature",
    ...changes,
  });

  beforeAll(async () => {
    broker = await startMosquitto();
    publisher = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { protocolVersion: 5, reconnectPeriod: 100 });
    publisher.on("error", () => undefined);
    scene = await BrokerScene.start();
  });
  afterAll(async () => {
    await scene?.[Symbol.asyncDispose]();
    await publisher?.endAsync(true);
    await broker?.[Symbol.asyncDispose]();
  });

  it.each(["5", "3.1.1"])("stores the exact bytes with topic and QoS (version %s)", async (version) => {
    const source = await scene.connected("mqtt", configOf({ version, topics: `bytes/${version}/#` }));
    await publisher.publishAsync(`bytes/${version}/a`, Buffer.from(ALL_BYTES), {
      qos: 1,
      properties: { contentType: "application/x-sample", userProperties: { unit: ["C", "F"] } },
    });
    const [message] = await scene.messages(source, 1);
    const { body, headers } = await scene.raw(message!);
    expect(body).toEqual(ALL_BYTES);
    expect(headers).toMatchObject({ "mqtt-topic": `bytes/${version}/a`, "mqtt-qos": "1", "mqtt-retained": "false" });
    expect(headers["unit"]).toBe(version === "5" ? "F" : undefined);
    expect(message).toMatchObject({ eventType: "mqtt.message" });
  });

  it("takes the event type from the topic and the ID from a property, and drops repetitions", async () => {
    const source = await scene.connected(
      "mqtt",
      configOf({ eventType: "plant.{topic:2}.{header:kind}", idProperty: "id" }),
    );
    for (const id of ["1", "2", "1"]) {
      const userProperties = { id, kind: "t" };
      await publisher.publishAsync("plant/7/temperature", `{"t":${id}}`, { qos: 1, properties: { userProperties } });
    }
    await publisher.publishAsync("plant/8/temperature", "last", { qos: 1 });
    const messages = await scene.messages(source, 3);
    expect(messages.map(({ eventType, eventId }) => [eventType, eventId])).toMatchObject([
      ["plant.7.t", "1"],
      ["plant.7.t", "2"],
      ["plant.8", expect.any(String)],
    ]);
  });

  it("keeps thousands of messages that arrive at once, in order", async () => {
    const source = await scene.connected("mqtt", configOf({ topics: "many" }));
    const count = 3000;
    await Promise.all(
      Array.from({ length: count }, (_, n) => publisher.publishAsync("many", `{"n":${n}}`, { qos: 1 })),
    );
    const messages = await scene.messages(source, count);
    expect(messages.map(({ payload }) => (payload as { n: number }).n)).toEqual(
      Array.from({ length: count }, (_, n) => n),
    );
  });

  it("receives messages published while it was disconnected, and after a change of its topics only the new ones", async () => {
    const source = await scene.connected("mqtt", configOf({ topics: "old/#\nboth" }));
    await scene.change(source, "mqtt", configOf({ topics: "new/#\nboth" }));
    await scene.running(source);
    await publisher.publishAsync("new/1", "n", { qos: 1 });
    await scene.messages(source, 1);
    await publisher.publishAsync("old/1", "o", { qos: 1 });
    await publisher.publishAsync("both", "b", { qos: 1 });
    const messages = await scene.messages(source, 2);
    expect(messages).toHaveLength(2);
    await broker.program.kill();
    await eventually(async () => expect(await scene.state(source)).toMatchObject({ state: "failing" }));
    await broker.program.start();
    // Mosquitto may have lost the session, so messages published before the source reconnects may be lost.
    await eventually(
      async () => {
        await publisher.publishAsync("both", "after", { qos: 1 });
        expect((await scene.all(source)).length).toBeGreaterThan(2);
      },
      { timeoutMs: 60_000, intervalMs: 500 },
    );
  });

  it("divides messages among the subscribers of a shared topic", async () => {
    const sources = [
      await scene.connected("mqtt", configOf({ topics: "$share/posthorn/shared" })),
      await scene.connected("mqtt", configOf({ topics: "$share/posthorn/shared" })),
    ];
    for (let n = 0; n < 20; n++) await publisher.publishAsync("shared", `{"n":${n}}`, { qos: 1 });
    await eventually(async () => {
      const found = await Promise.all(sources.map((source) => scene.all(source)));
      expect(found.flat()).toHaveLength(20);
      for (const messages of found) expect(messages.length).toBeGreaterThan(0);
    });
  });

  it("quarantines messages that are larger than the source accepts, and continues reading", async () => {
    const source = await scene.connected("mqtt", configOf({ topics: "large", version: "3.1.1" }), {
      maxBodyBytes: 1000,
    });
    await publisher.publishAsync("large", Buffer.alloc(2000, "x"), { qos: 1 });
    await publisher.publishAsync("large", "small", { qos: 1 });
    await scene.messages(source, 1);
    expect(await scene.gateway.quarantine(source)).toMatchObject([{ reason: "too_large" }]);
  });

  it.each(["3.1.1", "5"])(
    "quarantines the beginning of a message that is larger than a connection may buffer, and continues reading (version %s)",
    async (version) => {
      const topic = `larger/${version}`;
      const source = await scene.connected("mqtt", configOf({ topics: topic, version }), { maxBodyBytes: 1000 });
      // The connector ends connections that send more than 32 MiB without being stored.
      await publisher.publishAsync(topic, Buffer.alloc(40 * 1024 * 1024, "x"), { qos: 1 });
      await publisher.publishAsync(topic, "small", { qos: 1 });
      await scene.messages(source, 1);
      const [refused] = await scene.gateway.quarantine(source);
      expect(refused).toMatchObject({ reason: "too_large", detail: expect.stringContaining("41943040 bytes") });
      expect(await scene.state(source)).toMatchObject({ state: "running", failures: 0 });
      // It is acknowledged: a new connection does not receive it again.
      await scene.change(source, "mqtt", configOf({ topics: `${topic}\nother`, version }));
      await scene.running(source);
      await publisher.publishAsync(topic, "again", { qos: 1 });
      await scene.messages(source, 2);
      expect(await scene.gateway.quarantine(source)).toHaveLength(1);
    },
  );

  it("reports errors in credentials, topics and addresses", async () => {
    const wrong = configOf({
      url: `mqtt://127.0.0.1:${broker.passwordPort}`,
      username: "alice",
      password: "wrong-one",
    });
    const credentials = await scene.failure("mqtt", wrong);
    expect(credentials).toMatchObject({ code: "credentials_refused" });
    expect(credentials.text).not.toContain("wrong-one");
    expect(await scene.failure("mqtt", configOf({ url: "mqtt://127.0.0.1:1" }))).toMatchObject({
      code: "address_refused",
    });
  });
});
