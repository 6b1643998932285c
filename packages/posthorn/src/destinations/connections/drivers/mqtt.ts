import { connect, ErrorWithReasonCode, type IClientOptions, type MqttClient } from "mqtt";
import type { MQTT } from "../../kinds/mqtt.ts";
import type { ConfigOf, ItemResult, KindMessage } from "../../kind.ts";
import { closed, type Driver, type FailedResult, later, type Link, quoted, refused, retry } from "../driver.ts";
import { causesOf } from "../failure.ts";
import { hostAndPort, tlsOptions } from "../tls.ts";

type Config = ConfigOf<typeof MQTT.fields>;

const CONNECT_MS = 10_000;
const KEEP_ALIVE_SECONDS = 30;
const BUSY_MS = 10_000;
const QUOTA_MS = 30_000;

export const mqttDriver: Driver = {
  open: async (config, { onDown }) => {
    const { url: text, username, password, ...settings } = config as Config;
    const url = new URL(text);
    const isTls = url.protocol === "mqtts:";
    const { host, port } = hostAndPort(url, isTls ? 8883 : 1883);
    const options: IClientOptions = {
      protocol: isTls ? "mqtts" : "mqtt",
      host,
      port,
      protocolVersion: 5,
      clean: true,
      keepalive: KEEP_ALIVE_SECONDS,
      connectTimeout: CONNECT_MS,
      reconnectPeriod: 0,
      queueQoSZero: false,
      resubscribe: false,
      timerVariant: "native",
      ...(username === null ? {} : { username }),
      ...(password === null ? {} : { password: Buffer.from(password) }),
      ...(isTls ? tlsOptions(settings, host) : {}),
    };
    const client = await connected(options);
    return new MqttLink(client, config as Config, onDown);
  },
  failure: mqttFailure,
};

function connected(options: IClientOptions): Promise<MqttClient> {
  const { promise, resolve, reject } = Promise.withResolvers<MqttClient>();
  const client = connect(options);
  client.once("connect", () => resolve(client));
  client.once("close", () => reject(CLOSED));
  // Stays, because an error without a listener would end the thread.
  client.on("error", (error) => {
    reject(error);
    client.end(true);
  });
  return promise;
}

const CLOSED = Object.assign(new Error("the broker closed the connection"), { code: "ECONNRESET" });

class MqttLink implements Link {
  readonly #client: MqttClient;
  readonly #config: Config;
  readonly #rejects = new Set<(error: unknown) => void>();
  #error: unknown = null;

  constructor(client: MqttClient, config: Config, onDown: () => void) {
    this.#client = client;
    this.#config = config;
    const end = (error: unknown): void => {
      this.#error ??= error;
      for (const reject of this.#rejects) reject(this.#error);
      onDown();
    };
    client.on("error", end);
    client.on("disconnect", ({ reasonCode }) =>
      end(new ErrorWithReasonCode("the broker ended the connection", reasonCode ?? 0)),
    );
    client.on("close", () => end(CLOSED));
  }

  async send({ id, eventType, contentType, attributes, body }: KindMessage): Promise<ItemResult> {
    if (this.#error !== null) throw this.#error;
    const { promise, resolve, reject } = Promise.withResolvers<ItemResult>();
    this.#rejects.add(reject);
    const userProperties: Record<string, string> = Object.fromEntries(attributes);
    userProperties["webhook-id"] ??= id;
    userProperties["event-type"] = eventType;
    const properties = { contentType, userProperties };
    const { topic, retain } = this.#config;
    this.#client.publish(topic, Buffer.from(body), { qos: 1, retain, properties }, (error, packet) => {
      if (error !== undefined && error !== null) return reject(error);
      const code = packet !== undefined && "reasonCode" in packet ? (packet.reasonCode ?? 0) : 0;
      if (code >= 0x80) return reject(new ErrorWithReasonCode("PUBACK", code));
      return resolve({ kind: "ok", reference: null });
    });
    try {
      return await promise;
    } catch (error) {
      // A negative acknowledgement leaves the connection usable.
      const result = this.#error === null ? mqttFailure(error) : null;
      if (result !== null) return result;
      throw error;
    } finally {
      this.#rejects.delete(reject);
    }
  }

  close(): void {
    this.#client.end(true);
  }
}

function mqttFailure(error: unknown): FailedResult | null {
  for (const one of causesOf(error)) {
    if (one instanceof ErrorWithReasonCode || ("code" in one && typeof one.code === "number")) {
      return reasonFailure(Number(one.code), quoted(one.message));
    }
  }
  return null;
}

/** Reason codes of CONNACK, PUBACK and DISCONNECT (MQTT 5, section 2.4). */
function reasonFailure(code: number, message: string): FailedResult {
  const text = `reason code 0x${code.toString(16)}, ${message}`;
  switch (code) {
    case 0x86:
    case 0x8a:
    case 0x8c:
      return closed(
        "credentials_refused",
        `The broker refused the credentials (${text}). Check user name and password.`,
      );
    case 0x87:
      return closed(
        "credentials_refused",
        `The broker does not authorise this (${text}). Check the credentials, and allow the user to publish to the topic.`,
      );
    case 0x85:
    case 0x90:
      return closed("target_not_found", `The broker does not accept this topic or client (${text}). Check the topic.`);
    case 0x9c:
    case 0x9d:
      return closed(
        "target_not_found",
        `The broker refers to another server (${text}), which we do not follow. Enter the address of that server.`,
      );
    case 0x95:
      return refused("message_too_large", `The message is larger than the broker accepts (${text}).`);
    case 0x99:
    case 0x83:
      return refused("message_invalid", `The broker refused the message (${text}).`);
    case 0x97:
    case 0x96:
    case 0x9f:
      return later("rate_limited", `A quota of the broker is used up (${text}).`, QUOTA_MS);
    case 0x88:
    case 0x89:
      return later("target_unavailable", `The broker is not available (${text}).`, BUSY_MS);
    case 0x9a:
      return closed("message_invalid", `The broker does not support retained messages (${text}). Turn off "Retain".`);
    case 0x9b:
      return closed("target_not_found", `The broker does not support QoS 1 (${text}).`);
    default:
      return retry("target_unavailable", `The broker did not accept the message (${text}).`);
  }
}
