/** A watch on an MQTT source, with a real broker: each device of a topic has its own state. */
import { isSkipped, startMosquitto } from "@posthorn/testkit/counterparts";
import { connectAsync } from "mqtt";
import { describe, expect, it } from "vitest";
import { BrokerScene } from "./sources.ts";

describe.skipIf(isSkipped("mosquitto"))("a watch on an MQTT source", () => {
  it("reads the key from a level of the topic", async () => {
    await using broker = await startMosquitto();
    await using scene = await BrokerScene.start();
    const url = `mqtt://127.0.0.1:${broker.port}`;
    const source = await scene.connected("mqtt", { url, topics: "plant/+/temperature" });
    const rule = { read: { value: "$.t", key: "topic:1" }, when: { above: -12 }, until: { below: -15 } };
    const body = { name: "Freezer", emit: { type: "freezer.warm" }, rule };
    expect((await scene.gateway.call("POST", `api/v1/app/${source.id}/watch`, body)).status).toBe(201);
    const sensor = await connectAsync(url, { reconnectPeriod: 0 });
    for (const [device, t] of [
      ["a", -18],
      ["b", -9],
      ["a", -20],
      ["b", -17],
    ] as const) {
      await sensor.publishAsync(`plant/${device}/temperature`, JSON.stringify({ t }), { qos: 1 });
    }
    await sensor.endAsync();
    await expect
      .poll(() => eventsOf(scene, source.id, "freezer"), { timeout: 60_000 })
      .toMatchObject([
        { eventType: "freezer.warm.raised", payload: { key: "b", value: -9 } },
        { eventType: "freezer.warm.cleared", payload: { key: "b", value: -17 } },
      ]);
  });

  it("is created by the template for sensors", async () => {
    await using broker = await startMosquitto();
    await using scene = await BrokerScene.start();
    const brokerUrl = `mqtt://127.0.0.1:${broker.port}`;
    const destinationUrl = `${scene.gateway.receiver.url}/alarm`;
    const values = { connection: "mqtt", brokerUrl, device: "topic:1", duration: "1s", destinationUrl };
    const made = await scene.gateway.call("POST", "api/v1/template/sensor-threshold/instantiate", { values });
    expect(made.status).toBe(201);
    const { id } = made.json["source"] as { readonly id: string };
    await scene.running({ id, url: "" });
    const sensor = await connectAsync(brokerUrl, { reconnectPeriod: 0 });
    const measure = (temperature: number) =>
      sensor.publishAsync("plant/freezer-1/temperature", JSON.stringify({ temperature }), { qos: 1 });
    await measure(-9);
    await scene.gateway.receiver.waitForCount(1);
    await measure(-17);
    await scene.gateway.receiver.waitForCount(2);
    await sensor.endAsync();
    expect(await eventsOf(scene, id, "sensor.alarm")).toMatchObject([
      { eventType: "sensor.alarm.raised", payload: { key: "freezer-1", value: -9 } },
      { eventType: "sensor.alarm.cleared", payload: { key: "freezer-1", value: -17 } },
    ]);
  });
});

/** Messages of a source whose type has this prefix, oldest first. */
async function eventsOf({ gateway }: BrokerScene, id: string, prefix: string): Promise<readonly object[]> {
  const messages = (await gateway.messages({ id, url: "" })).toReversed();
  return messages.filter(({ eventType }) => String(eventType).startsWith(prefix));
}
