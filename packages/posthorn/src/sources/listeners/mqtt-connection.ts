/** One connection to an MQTT broker: its handshake, its packets with a number, and what keeps it alive. */
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { generate, type IConnackPacket, type IPublishPacket, type Packet, parser } from "mqtt-packet";
import { hostAndPort, tlsOptions } from "../../destinations/connections/tls.ts";
import type { ConfigOf } from "../kind.ts";
import type { MQTT_SOURCE } from "../kinds/mqtt.ts";
import { type ForgetHost, ListenError } from "./listener.ts";
import { type LargePublish, MqttFrames } from "./mqtt-frames.ts";
import { refusal } from "./mqtt-refusal.ts";

/** Configuration of an MQTT source. */
export type Config = ConfigOf<(typeof MQTT_SOURCE)["fields"]>;
type Version = 4 | 5;

const CONNECT_MS = 10_000;
const KEEP_ALIVE_SECONDS = 30;

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

export function isLarge(message: Incoming): message is LargePublish {
  return !("cmd" in message);
}

type Unnumbered = { readonly cmd: "subscribe" | "unsubscribe" } & Partial<Packet>;

/** A connection with a session. Hands over messages as they arrive, and acknowledges those that are stored. */
export class MqttConnection {
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
  /** Set while reading is paused, when no response can arrive. */
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
        // A client that only receives with QoS 1 needs none of these packets, and brokers send only the first.
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
            // No maximum packet size, because the broker would silently drop a larger message.
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
