/**
 * Reads an MQTT broker. It speaks the protocol itself, on the packets of `mqtt-packet`: the client of that project hands over one message at a
 * time, so that each message would wait for the commit of the one before.
 */
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import {
  generate,
  type IConnackPacket,
  type IPublishPacket,
  type ISubackPacket,
  type ISubscription,
  type Packet,
  parser,
  type UserProperties,
} from "mqtt-packet";
import { quoted } from "../../destinations/connections/driver.ts";
import { hostAndPort, tlsOptions } from "../../destinations/connections/tls.ts";
import type { Cursor } from "../source-event.ts";
import type { ConfigOf } from "../kind.ts";
import { type MQTT_SOURCE, topicsOf } from "../kinds/mqtt.ts";
import { type BrokerMessage, deliver, tooLargeToKeep } from "./event.ts";
import { type ForgetHost, type Listener, ListenError, type ListenHost } from "./listener.ts";
import { type LargePublish, MqttFrames } from "./mqtt-frames.ts";

type Config = ConfigOf<(typeof MQTT_SOURCE)["fields"]>;
type Version = 4 | 5;

const CONNECT_MS = 10_000;
const KEEP_ALIVE_SECONDS = 30;
/** Header and properties of a packet, in addition to its payload. */
const PACKET_BYTES = 65_536;
const BUSY_MS = 10_000;

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
function read(connection: MqttConnection, config: Config, host: ListenHost): Promise<void> {
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
    // Only what is stored is acknowledged. Otherwise the connection is being closed.
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

/** Subscribes to what is new, and unsubscribes from what was removed: the session has the topics of the last connection. */
async function subscribe(connection: MqttConnection, config: Config, host: ListenHost): Promise<void> {
  const topics = topicsOf(config.topics);
  const wanted = topics.map((topic) => `${config.qos} ${config.retained ? "r" : "-"} ${topic}`);
  const known = connection.isSessionPresent ? knownOf(host.cursor) : [];
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

function knownOf(cursor: Cursor | null): readonly string[] {
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

interface ConnectOptions {
  readonly clean: boolean;
  readonly sessionSeconds: number;
  readonly window: number;
  /** Messages in larger packets are not held in memory. */
  readonly maxBytes: number;
  readonly onSkipped: (bytes: number) => void;
}

/** A message as it arrives. */
type Incoming = IPublishPacket | LargePublish;

function isLarge(message: Incoming): message is LargePublish {
  return !("cmd" in message);
}

type Unnumbered = { readonly cmd: "subscribe" | "unsubscribe" } & Partial<Packet>;

class MqttConnection {
  /** Whether the broker has kept the session, with its subscriptions and messages. */
  isSessionPresent = false;
  /** Set once there is a reader. Messages of the session arrive together with the reply to CONNECT, and wait for it. */
  #onPublish: ((packet: Incoming) => void) | null = null;
  readonly #early: Incoming[] = [];
  /** Resolves when the signal is aborted. Rejects when the connection ends. */
  readonly ended: Promise<void>;
  readonly #socket: Socket;
  readonly #version: Version;
  readonly #end: (error: Error | null) => void;
  readonly #requests = new Map<number, (packet: Packet) => void>();
  readonly #connack = Promise.withResolvers<IConnackPacket>();
  #lastId = 0;
  #lastReceived = performance.now();
  #pinger: NodeJS.Timeout | undefined;
  /** Set while reading is paused, so that no response can arrive. */
  #isPaused = false;

  private constructor(
    socket: Socket,
    version: Version,
    signal: AbortSignal,
    { maxBytes, onSkipped }: Pick<ConnectOptions, "maxBytes" | "onSkipped">,
  ) {
    this.#socket = socket;
    this.#version = version;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.ended = promise;
    promise.catch(() => undefined);
    this.#connack.promise.catch(() => undefined);
    this.#end = (error) => {
      clearInterval(this.#pinger);
      const reason = error ?? new Error("stopped");
      this.#connack.reject(reason);
      if (error === null) resolve();
      else reject(error);
      socket.destroy();
    };
    const stop = (): void => this.#end(null);
    signal.addEventListener("abort", stop, { once: true });
    socket.once("close", () => {
      signal.removeEventListener("abort", stop);
      this.#end(CLOSED);
    });
    socket.on("error", (error) => this.#end(error));
    const packets = parser({ protocolVersion: version });
    packets.on("packet", (packet) => this.#take(packet));
    packets.on("error", () => this.#end(INVALID));
    const frames = new MqttFrames(maxBytes, version, {
      pass: (bytes) => packets.parse(bytes),
      large: (message) => this.#hand(message),
      skipped: onSkipped,
    });
    socket.on("data", (chunk: Buffer) => {
      this.#lastReceived = performance.now();
      try {
        frames.push(chunk);
      } catch (error) {
        this.#end(error instanceof RangeError ? INVALID : (error as Error));
      }
    });
  }

  static async open(config: Config, host: ForgetHost, options: ConnectOptions): Promise<MqttConnection> {
    const { signal } = host;
    const url = new URL(config.url);
    const isTls = url.protocol === "mqtts:";
    const { host: name, port } = hostAndPort(url, isTls ? 8883 : 1883);
    const socket = isTls
      ? connectTls({ host: name, port, ...tlsOptions(config, name) })
      : connectTcp({ host: name, port });
    socket.setNoDelay(true);
    const version = config.version === "5" ? 5 : 4;
    const connection = new MqttConnection(socket, version, signal, options);
    const timer = setTimeout(() => connection.#end(TIMED_OUT), CONNECT_MS);
    try {
      connection.#send(connectPacket(config, version, { ...options, clientId: config.clientId ?? host.session }));
      const connack = await connection.#connack.promise;
      const code = connack.reasonCode ?? connack.returnCode ?? 0;
      if (code !== 0) throw refusal(code, connack.properties?.reasonString);
      connection.isSessionPresent = connack.sessionPresent;
      connection.#keepAlive(connack.properties?.serverKeepAlive ?? KEEP_ALIVE_SECONDS);
      return connection;
    } catch (error) {
      connection.#end(error as Error);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends a packet with a number, and resolves with its acknowledgement. */
  async request(packet: Unnumbered): Promise<Packet> {
    this.#lastId = (this.#lastId % 65_535) + 1;
    const messageId = this.#lastId;
    const { promise, resolve } = Promise.withResolvers<Packet>();
    this.#requests.set(messageId, resolve);
    this.#send({ ...packet, messageId } as Packet);
    const timer = setTimeout(() => this.#end(TIMED_OUT), CONNECT_MS);
    try {
      return await Promise.race([promise, this.ended.then(() => Promise.reject(STOPPED))]);
    } finally {
      clearTimeout(timer);
      this.#requests.delete(messageId);
    }
  }

  /** Hands over messages from now on, beginning with those that have arrived. */
  read(onPublish: (packet: Incoming) => void): void {
    this.#onPublish = onPublish;
    for (const packet of this.#early.splice(0)) onPublish(packet);
  }

  acknowledge({ qos, messageId }: Pick<Incoming, "qos" | "messageId">): void {
    if (qos === 1 && messageId !== undefined) this.#send({ cmd: "puback", messageId, reasonCode: 0 });
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#lastReceived = performance.now();
    this.#socket.resume();
  }

  close(): void {
    if (!this.#socket.destroyed && this.#socket.writable) {
      this.#socket.end(generate({ cmd: "disconnect", reasonCode: 0 }, { protocolVersion: this.#version }));
    }
    this.#end(null);
  }

  #send(packet: Packet): void {
    if (this.#socket.writable) this.#socket.write(generate(packet, { protocolVersion: this.#version }));
  }

  #keepAlive(seconds: number): void {
    if (seconds === 0) return;
    this.#pinger = setInterval(() => {
      const silentMs = performance.now() - this.#lastReceived;
      if (silentMs > seconds * 1500 && !this.#isPaused) this.#end(SILENT);
      else this.#send({ cmd: "pingreq" });
    }, seconds * 500);
  }

  #hand(message: Incoming): void {
    if (this.#onPublish === null) this.#early.push(message);
    else this.#onPublish(message);
  }

  #take(packet: Packet): void {
    switch (packet.cmd) {
      case "connack":
        this.#connack.resolve(packet);
        return;
      case "publish":
        this.#hand(packet);
        return;
      case "suback":
      case "unsuback":
        this.#requests.get(packet.messageId ?? 0)?.(packet);
        return;
      case "disconnect":
        this.#end(refusal(packet.reasonCode ?? 0, packet.properties?.reasonString));
        return;
      case "pingresp":
      case "auth":
      case "connect":
      case "pingreq":
      case "puback":
      case "pubcomp":
      case "pubrec":
      case "pubrel":
      case "subscribe":
      case "unsubscribe":
        // A client that only receives with QoS 1 needs none of these, and brokers send only the first.
        return;
    }
  }
}

function connectPacket(
  { username, password }: Config,
  version: Version,
  { clientId, clean, sessionSeconds, window }: ConnectOptions & { readonly clientId: string },
): Packet {
  return {
    cmd: "connect",
    protocolId: "MQTT",
    protocolVersion: version,
    clientId,
    clean,
    keepalive: KEEP_ALIVE_SECONDS,
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password: Buffer.from(password) }),
    ...(version === 5
      ? {
          properties: {
            sessionExpiryInterval: sessionSeconds,
            // No maximum packet size: the broker would drop a larger message, and nothing would say so.
            receiveMaximum: window,
          },
        }
      : {}),
  };
}

const STOPPED = new Error("stopped");
const CLOSED = Object.assign(new Error("the broker closed the connection"), { code: "ECONNRESET" });
const INVALID = new ListenError(
  "protocol_error",
  "The server sent something that is not MQTT.",
  "Check the port, the version, and whether it expects TLS.",
);
const TIMED_OUT = new ListenError("timeout", "The broker did not respond in time.", "Check that it is running.");
const SILENT = new ListenError("timeout", "The broker no longer responds.", "Check that it is running.");

/** Reason codes of MQTT 5 (section 2.4) and return codes of 3.1.1 (section 3.2.2.3). */
function refusal(code: number, reason: string | undefined): ListenError {
  const text = `reason code 0x${code.toString(16)}${reason === undefined ? "" : `, ${quoted(reason)}`}`;
  switch (code) {
    case 1:
    case 0x84:
      return new ListenError(
        "protocol_error",
        `The broker does not support this version of MQTT (${text}).`,
        "Choose the other version.",
      );
    case 2:
    case 0x85:
      return new ListenError(
        "target_refused",
        `The broker does not accept the client ID (${text}).`,
        "Enter another one.",
      );
    case 4:
    case 5:
    case 0x86:
    case 0x87:
    case 0x8a:
    case 0x8c:
      return new ListenError(
        "credentials_refused",
        `The broker refused the credentials (${text}).`,
        "Check user name and password.",
      );
    case 0x8e:
      return new ListenError(
        "target_refused",
        `Another client has taken over the session (${text}).`,
        "Make sure that no other client uses the same client ID.",
      );
    case 0x93:
    case 0x95:
      return new ListenError("protocol_error", `The broker ended the connection (${text}).`);
    case 0x9c:
    case 0x9d:
      return new ListenError(
        "target_not_found",
        `The broker refers to another server (${text}), which Posthorn does not follow.`,
        "Enter the address of that server.",
      );
    case 0x96:
    case 0x97:
    case 0x9f:
      return new ListenError("rate_limited", `A quota of the broker is used up (${text}).`, null, BUSY_MS);
    case 3:
    case 0x88:
    case 0x89:
    case 0x8b:
      return new ListenError("target_unavailable", `The broker is not available (${text}).`, null, BUSY_MS);
    default:
      return new ListenError("connection_failed", `The broker ended the connection (${text}).`);
  }
}
