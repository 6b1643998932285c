/**
 * Reads an MQTT broker. It speaks the protocol itself, on the packets of `mqtt-packet`: the client of that project hands over one message at a
 * time, so each message would wait for the commit of the previous one.
 */
import type { IPublishPacket, ISubackPacket, ISubscription, UserProperties } from "mqtt-packet";
import { quoted } from "../../destinations/connections/driver.ts";
import type { Cursor } from "../source-event.ts";
import { topicsOf } from "../kinds/mqtt.ts";
import { type BrokerMessage, deliver, tooLargeToKeep } from "./event.ts";
import { type Listener, ListenError, type ListenHost } from "./listener.ts";
import { type Config, isLarge, MqttConnection } from "./mqtt-connection.ts";

/** Header and properties of a packet, in addition to its payload. */
const PACKET_BYTES = 65_536;

export const mqttListener: Listener = {
  listen: async (host) => {
    const config = host.config as Config;
    const connection = await MqttConnection.open(config, host, {
      clean: false,
      sessionSeconds: config.sessionSeconds,
      window: host.window,
      maxBytes: host.maxBodyBytes + PACKET_BYTES,
      onSkipped: (bytes) => host.skipped(bytes),
    });
    try {
      const reading = read(connection, config, host);
      await subscribe(connection, config, host);
      host.connected();
      await reading;
    } finally {
      connection.close();
    }
  },
  forget: async (host) => {
    // A clean session removes the one that exists, and its queued messages.
    const options = { clean: true, sessionSeconds: 0, window: 1, maxBytes: PACKET_BYTES, onSkipped: () => undefined };
    (await MqttConnection.open(host.config as Config, host, options)).close();
  },
  failure: () => null,
};

/** Resolves when the signal is aborted. Rejects when the connection ends. */
export function read(connection: MqttConnection, config: Config, host: ListenHost): Promise<void> {
  let isWaiting = false;
  connection.read((packet) => {
    const place = { topic: packet.topic, reference: `QoS ${packet.qos}` };
    const stored = isLarge(packet)
      ? host.quarantine(tooLargeToKeep(place, packet, host.maxBodyBytes))
      : deliver(host, config.eventType, {
          place,
          body: bytesOf(packet.payload),
          read: () => messageOf(packet, config),
        });
    // Only stored messages are acknowledged. If storing fails, the connection is being closed.
    stored.then(
      () => connection.acknowledge(packet),
      () => undefined,
    );
    // The window of MQTT 5 counts messages of QoS 1 only, and 3.1.1 has none.
    if (!host.isFull || isWaiting) return;
    isWaiting = true;
    connection.pause();
    const resume = (): void => {
      isWaiting = false;
      connection.resume();
    };
    host.room().then(resume, () => undefined);
  });
  return connection.ended;
}

/** Subscribes to new topics, and unsubscribes from removed ones, because the session has the topics of the last connection. */
async function subscribe(connection: MqttConnection, config: Config, host: ListenHost): Promise<void> {
  const topics = topicsOf(config.topics);
  const wanted = topics.map((topic) => `${config.qos} ${config.retained ? "r" : "-"} ${topic}`);
  const known = connection.isSessionPresent ? storedTopics(host.cursor) : [];
  const gone = known.map((text) => text.slice(4)).filter((topic) => !topics.includes(topic));
  if (gone.length > 0) await connection.request({ cmd: "unsubscribe", unsubscriptions: gone });
  const missing = topics.filter((_, index) => !known.includes(wanted[index]!));
  if (missing.length > 0) {
    const subscriptions = missing.map((topic) => subscriptionOf(topic, config));
    const { granted } = (await connection.request({ cmd: "subscribe", subscriptions })) as ISubackPacket;
    granted.forEach((code, index) => {
      if (Number(code) >= 0x80) throw refusedTopic(missing[index]!, Number(code));
    });
  }
  if (JSON.stringify(known) !== JSON.stringify(wanted)) await host.save({ topics: wanted });
}

function subscriptionOf(topic: string, { qos, retained, version }: Config): ISubscription {
  const level = qos === "1" ? 1 : 0;
  if (version !== "5") return { topic, qos: level };
  // 1: only if the subscription is new. 2: none. Shared subscriptions have none in any case.
  return { topic, qos: level, nl: false, rap: true, rh: retained && !topic.startsWith("$share/") ? 1 : 2 };
}

function storedTopics(cursor: Cursor | null): readonly string[] {
  const topics = cursor?.["topics"];
  return Array.isArray(topics) ? topics.filter((topic) => typeof topic === "string") : [];
}

function refusedTopic(topic: string, code: number): ListenError {
  const text = `The broker refused the subscription to ${quoted(topic)} (reason code 0x${code.toString(16)}).`;
  if (code === 0x9e) {
    return new ListenError("target_refused", text, "It does not support shared subscriptions. Remove $share/NAME/.");
  }
  if (code === 0x8f) return new ListenError("target_refused", text, "Check the topic.");
  return new ListenError("credentials_refused", text, "Allow the user to subscribe to the topic.");
}

function bytesOf(payload: IPublishPacket["payload"]): Buffer {
  return typeof payload === "string" ? Buffer.from(payload) : payload;
}

function messageOf({ topic, payload, qos, retain, dup, properties }: IPublishPacket, config: Config): BrokerMessage {
  const headers = pairsOf(properties?.userProperties);
  const { idProperty } = config;
  const id = idProperty === null ? null : (headers.find(([name]) => name === idProperty)?.[1] ?? null);
  const metadata: [string, string][] = [
    ["mqtt-topic", topic],
    ["mqtt-qos", String(qos)],
    ["mqtt-retained", String(retain)],
  ];
  if (dup) metadata.push(["mqtt-duplicate", "true"]);
  if (properties?.responseTopic !== undefined) metadata.push(["mqtt-response-topic", properties.responseTopic]);
  if (properties?.correlationData !== undefined) {
    metadata.push(["mqtt-correlation-data", properties.correlationData.toString("base64")]);
  }
  return {
    id: id === null || id === "" ? null : id,
    body: bytesOf(payload),
    contentType: properties?.contentType ?? null,
    occurredAt: null,
    metadata,
    headers,
    topic,
  };
}

function pairsOf(properties: UserProperties | undefined): readonly (readonly [string, string])[] {
  return Object.entries(properties ?? {}).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => [name, one] as const),
  );
}
