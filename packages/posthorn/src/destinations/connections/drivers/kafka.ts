import type { MessageToProduce, Producer } from "@platformatic/kafka";
import type { KAFKA } from "../../kinds/kafka.ts";
import type { ConfigOf, ItemResult, KindMessage } from "../../kind.ts";
import {
  closed,
  type Driver,
  type FailedResult,
  later,
  type Link,
  quoted,
  type Receipt,
  refused,
  retry,
} from "../driver.ts";
import { causesOf } from "../failure.ts";
import { isSignatureName } from "../message-cells.ts";
import { type TlsOptions, tlsOptions } from "../tls.ts";
import { RecordProducer } from "./kafka-producer.ts";
import { countThatFit, type EncodableRecord } from "./kafka-records.ts";

type Config = ConfigOf<typeof KAFKA.fields>;
type Record_ = MessageToProduce & EncodableRecord;

const CONNECT_MS = 10_000;
const REQUEST_MS = 30_000;
const THROTTLED_MS = 5000;
/** Records of one request, which can all be in one partition: topics accept 1,048,588 bytes by default. */
const BATCH = { items: 1000, bytes: 1_000_000 } as const;

const MECHANISMS = {
  plain: "PLAIN",
  "scram-sha-256": "SCRAM-SHA-256",
  "scram-sha-512": "SCRAM-SHA-512",
} as const;

export const kafkaDriver: Driver = {
  open: async (config, { signal, onDown }) => {
    const settings = config as Config;
    const producer = new RecordProducer(kafkaOptions(settings));
    const link = new KafkaLink(producer, settings.topic, onDown);
    signal.addEventListener("abort", () => link.close(), { once: true });
    try {
      // Fails for wrong credentials and missing topics before the first message.
      await producer.metadata({ topics: [settings.topic] });
    } catch (error) {
      link.close();
      throw error;
    }
    return link;
  },
  failure: kafkaFailure,
};

/** What a connection needs. */
export type KafkaConfig = Omit<Config, "topic">;

export function kafkaOptions(config: KafkaConfig) {
  const { brokers, tls, saslMechanism, username, password } = config;
  // The server name is that of each broker, so it is left to the client.
  const secure: TlsOptions = tlsOptions(config, null);
  return {
    clientId: "posthorn",
    bootstrapBrokers: brokers.split(/, ?/),
    connectTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS,
    autocreateTopics: false,
    // The dispatcher retries, by the policy of the endpoint. With `idempotent` here, the client would retry forever and
    // ignore this setting.
    retries: 0,
    ...(tls ? { tls: secure, tlsServerName: true } : {}),
    ...(saslMechanism === "none"
      ? {}
      : {
          sasl: {
            mechanism: MECHANISMS[saslMechanism],
            username: username ?? "",
            password: password ?? "",
          },
        }),
  };
}

interface Waiting {
  readonly record: Record_;
  readonly receipt: Receipt;
}

/** Messages that arrive while a request is in flight go with the next one. Nothing waits for more messages. */
class KafkaLink implements Link {
  readonly #producer: Producer;
  readonly #records: Records;
  readonly #onDown: () => void;
  readonly #waiting: Waiting[] = [];
  #isProducing = false;

  constructor(producer: Producer, topic: string, onDown: () => void) {
    this.#producer = producer;
    this.#records = new Records(topic);
    this.#onDown = onDown;
    producer.on("error", () => onDown());
  }

  send(message: KindMessage, receipt: Receipt): undefined {
    this.#waiting.push({ record: this.#records.of(message), receipt });
    if (this.#isProducing) return;
    this.#isProducing = true;
    // Messages of the same turn arrive one after the other.
    queueMicrotask(() => void this.#produceAll());
  }

  close(): void {
    this.#producer.close(true, () => undefined);
  }

  /**
   * One request at a time: an idempotent producer numbers its batches, and a failed one would invalidate those behind it.
   */
  async #produceAll(): Promise<void> {
    for (let batch = this.#take(); batch.length > 0; batch = this.#take()) {
      try {
        await this.#produce(batch);
      } catch (error) {
        for (const { receipt } of batch) receipt.fail(error);
      }
    }
    this.#isProducing = false;
  }

  /** The messages of the next request, without those that are no longer waited for. */
  #take(): readonly Waiting[] {
    const count = countThatFit(this.#waiting, BATCH);
    const taken = this.#waiting.splice(0, count).filter(({ receipt }) => receipt.isWaiting);
    return taken.length === 0 && this.#waiting.length > 0 ? this.#take() : taken;
  }

  /** Rejects if none of the messages has a result. */
  async #produce(batch: readonly Waiting[]): Promise<void> {
    const messages = batch.map(({ record }) => record);
    try {
      const { offsets = [] } = await this.#producer.send({ messages, idempotent: true, acks: -1 });
      const result = { kind: "ok", reference: batch.length === 1 ? referenceOf(offsets) : null } as const;
      for (const { receipt } of batch) receipt.settle(result);
      return;
    } catch (error) {
      // Batches are numbered without gaps, and the broker does not have this one, so the producer starts again.
      this.#onDown();
      if (batch.length === 1 || kafkaFailure(error)?.kind !== "refused") throw error;
    }
    // Kafka refuses a batch as a whole because of one record. Each is sent on its own, without the numbers.
    for (const [index, { receipt }] of batch.entries()) {
      try {
        receipt.settle(await this.#produceAlone(messages[index]!));
      } catch (error) {
        receipt.fail(error);
      }
    }
  }

  async #produceAlone(record: Record_): Promise<ItemResult> {
    try {
      const { offsets = [] } = await this.#producer.send({ messages: [record], idempotent: false, acks: -1 });
      return { kind: "ok", reference: referenceOf(offsets) };
    } catch (error) {
      const result = kafkaFailure(error);
      if (result === null) throw error;
      return result;
    }
  }
}

/** The response to several records says where the part of each partition begins, but not where each record is. */
function referenceOf([first]: readonly { topic: string; partition: number; offset: bigint }[]): string | null {
  return first === undefined ? null : `${first.topic}/${first.partition}/${first.offset}`;
}

/** Encodes messages as records. Those of one request have the same type, and most of their attributes in common. */
class Records {
  readonly #topic: string;
  #eventType = "";
  #eventTypeBytes = Buffer.alloc(0);
  #attributes: KindMessage["attributes"] = [];
  #values: readonly Buffer[] = [];

  constructor(topic: string) {
    this.#topic = topic;
  }

  of({ id, eventType, orderingKey, createdAt, attributes, body }: KindMessage): Record_ {
    if (eventType !== this.#eventType) {
      this.#eventType = eventType;
      this.#eventTypeBytes = Buffer.from(eventType);
    }
    const headers = new Map<Buffer, Buffer>([[EVENT_TYPE, this.#eventTypeBytes]]);
    const values = this.#valuesOf(attributes);
    let hasId = false;
    for (let index = 0; index < attributes.length; index++) {
      const name = attributes[index]![0];
      const known = nameBytes(name);
      // Each repetition of a name is a header of its own.
      headers.set(headers.has(known) ? Buffer.from(name) : known, values[index]!);
      hasId ||= name === ID_NAME;
    }
    if (!hasId) headers.set(Buffer.from(ID_NAME), Buffer.from(id));
    return {
      topic: this.#topic,
      ...(orderingKey === null ? {} : { key: Buffer.from(orderingKey) }),
      value: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
      headers,
      timestamp: BigInt(createdAt),
    };
  }

  /** ID, time and signature are repeated under the names of each family, and the time is that of the message before. */
  #valuesOf(attributes: KindMessage["attributes"]): readonly Buffer[] {
    const values: Buffer[] = [];
    for (let index = 0; index < attributes.length; index++) {
      const value = attributes[index]![1];
      if (attributes[index - SIGNATURE_ATTRIBUTES]?.[1] === value) values.push(values[index - SIGNATURE_ATTRIBUTES]!);
      else if (this.#attributes[index]?.[1] === value) values.push(this.#values[index]!);
      else values.push(Buffer.from(value));
    }
    this.#attributes = attributes;
    this.#values = values;
    return values;
  }
}

const EVENT_TYPE = Buffer.from("event-type");
const ID_NAME = "webhook-id";
/** Attributes of a signature under the names of one family. */
const SIGNATURE_ATTRIBUTES = 3;
/** Names of the attributes that every message has. */
const names = new Map<string, Buffer>();

function nameBytes(name: string): Buffer {
  if (!isSignatureName(name)) return Buffer.from(name);
  let bytes = names.get(name);
  if (bytes === undefined) {
    bytes = Buffer.from(name);
    names.set(name, bytes);
  }
  return bytes;
}

const CREDENTIALS = new Set([
  "SASL_AUTHENTICATION_FAILED",
  "UNSUPPORTED_SASL_MECHANISM",
  "ILLEGAL_SASL_STATE",
  "TOPIC_AUTHORIZATION_FAILED",
  "CLUSTER_AUTHORIZATION_FAILED",
  "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
]);
const TOO_LARGE = new Set(["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"]);
const INVALID = new Set(["INVALID_RECORD", "INVALID_TIMESTAMP", "CORRUPT_MESSAGE"]);
const NO_TOPIC = new Set(["UNKNOWN_TOPIC_OR_PARTITION", "INVALID_TOPIC_EXCEPTION", "UNKNOWN_TOPIC_ID"]);
const THROTTLED = new Set(["THROTTLING_QUOTA_EXCEEDED"]);

export function kafkaFailure(error: unknown): FailedResult | null {
  const chain = causesOf(error);
  const codes = chain.flatMap((one) => ("apiId" in one && typeof one.apiId === "string" ? [one.apiId] : []));
  const found = (set: ReadonlySet<string>): string | undefined => codes.find((code) => set.has(code));
  const credentials = found(CREDENTIALS);
  if (credentials !== undefined) {
    const advice =
      credentials.startsWith("TOPIC") || credentials.startsWith("CLUSTER")
        ? "Allow the user to write to the topic."
        : "Check SASL mechanism, user name and password.";
    return closed("credentials_refused", `Kafka refused access (${credentials}). ${advice}`);
  }
  const large = found(TOO_LARGE);
  if (large !== undefined) {
    return refused(
      "message_too_large",
      `The message is larger than the topic accepts (${large}). Raise max.message.bytes of the topic.`,
    );
  }
  const invalid = found(INVALID);
  if (invalid !== undefined)
    return refused("message_invalid", `Kafka refused the record (${invalid}). Check the settings of the topic.`);
  const missing =
    found(NO_TOPIC) ??
    (chain.some(({ message }) => message.startsWith("Unknown topic ")) ? "UNKNOWN_TOPIC_OR_PARTITION" : undefined);
  if (missing !== undefined) {
    return closed(
      "target_not_found",
      `The topic does not exist (${missing}). Create it, or allow the user to describe it.`,
    );
  }
  const throttled = found(THROTTLED);
  if (throttled !== undefined)
    return later("rate_limited", `The quota of the user is used up (${throttled}).`, THROTTLED_MS);
  const [code] = codes;
  if (code !== undefined) return retry("target_unavailable", `Kafka could not store the message (${code}).`);
  const authentication = chain.find((one) => "code" in one && one.code === "PLT_KFK_AUTHENTICATION");
  if (authentication !== undefined) {
    return closed(
      "credentials_refused",
      `Kafka refused the credentials: ${quoted(authentication.message)}. Check SASL mechanism, user name and password.`,
    );
  }
  return null;
}
