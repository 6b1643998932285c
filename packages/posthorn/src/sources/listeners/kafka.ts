/**
 * Reads topics of Kafka with a consumer group. It is a static member of the group, so that after a kill, the new process can rejoin immediately
 * instead of waiting for the session to expire.
 */
import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { Admin, Consumer, type Message, type MessagesStream } from "@platformatic/kafka";
import { kafkaFailure, kafkaOptions } from "../../destinations/connections/drivers/kafka.ts";
import { causesOf } from "../../destinations/connections/failure.ts";
import type { ConfigOf } from "../kind.ts";
import type { KAFKA_SOURCE } from "../kinds/kafka.ts";
import type { Unreadable } from "../source-event.ts";
import { type BrokerMessage, deliver, type Place, tooLargeToKeep } from "./event.ts";
import { listenFailure } from "./failure.ts";
import { type FetchRequests, KafkaFrames } from "./kafka-frames.ts";
import { MAX_DECOMPRESSED_BYTES, MAX_RECORDS } from "./kafka-batches.ts";
import { EXTRA_BYTES, type LargeMessage, StandIns } from "./large-messages.ts";
import type { ForgetHost, Listener, ListenHost } from "./listener.ts";

type Config = ConfigOf<(typeof KAFKA_SOURCE)["fields"]>;
type Record_ = Message;
type Reader = Consumer;
type Stream = MessagesStream<Buffer, Buffer, Buffer, Buffer>;

const SESSION_MS = 30_000;
const HEARTBEAT_MS = 3000;
const WAIT_MS = 1000;
const MAX_FETCH_BYTES = 4 * 1024 * 1024;
const COMMIT_MS = 200;
const LATEST = -1n;

/** Fetch requests of each connection without a response. Their version determines the format of the responses. */
const fetches = new WeakMap<Socket, { version: number; readonly open: Set<number> }>();
const FETCH = 1;
subscribe("tracing:plt:kafka:connections:api:start", (message) => {
  const { connection, apiKey, apiVersion, correlationId } = message as {
    readonly connection: { readonly socket: Socket };
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly correlationId: number;
  };
  if (apiKey !== FETCH) return;
  const sent = fetches.get(connection.socket) ?? { version: apiVersion, open: new Set() };
  sent.version = apiVersion;
  sent.open.add(correlationId);
  fetches.set(connection.socket, sent);
});

function requestsOf(socket: Socket): FetchRequests {
  return {
    version: () => fetches.get(socket)?.version ?? null,
    take: (correlationId) => fetches.get(socket)?.open.delete(correlationId) ?? false,
  };
}

export const kafkaListener: Listener = {
  listen: async (host) => {
    const config = host.config as Config;
    const topics = topicsOf(config);
    const standIns = new StandIns();
    // A fetch has several batches, of which only the first may exceed the limit of the request.
    const mostBytes = Math.max(MAX_FETCH_BYTES, host.maxBodyBytes) + EXTRA_BYTES;
    host.shorten((output, socket) => new KafkaFrames(mostBytes, standIns, output, requestsOf(socket)));
    const consumer: Reader = new Consumer({
      ...kafkaOptions(config),
      groupId: config.groupId ?? host.session,
      groupInstanceId: host.session,
      sessionTimeout: SESSION_MS,
      rebalanceTimeout: SESSION_MS,
      heartbeatInterval: HEARTBEAT_MS,
      autocommit: false,
    });
    consumer.on("error", () => undefined);
    try {
      // Fails for wrong credentials and missing topics.
      await consumer.metadata({ topics });
      const stream = await open(consumer, topics, config, host);
      host.connected();
      await read(stream, standIns, config, host);
    } finally {
      await closed(consumer);
    }
  },
  forget: async (host) => {
    const config = host.config as Config;
    if (config.groupId !== null) return;
    const admin = new Admin(kafkaOptions(config));
    admin.on("error", () => undefined);
    try {
      await deleteGroup(admin, host);
    } finally {
      await admin.close();
    }
  },
  failure: (error) => {
    const result = kafkaFailure(error);
    if (result !== null) {
      const failure = listenFailure(result);
      return failure.code === "credentials_refused" && failure.hint?.includes("write") === true
        ? { ...failure, hint: "Allow the user to read the topics and the group." }
        : failure;
    }
    const codes = causesOf(error).flatMap((one) =>
      "apiId" in one && typeof one.apiId === "string" ? [one.apiId] : [],
    );
    if (codes.includes("GROUP_AUTHORIZATION_FAILED")) {
      const message = "Kafka refused access to the consumer group (GROUP_AUTHORIZATION_FAILED).";
      return { code: "credentials_refused", message, hint: "Allow the user to read the group.", retryAfterMs: null };
    }
    return null;
  },
};

function topicsOf({ topics }: Config): string[] {
  return [...new Set(topics.split(/, ?/))];
}

/**
 * Joins the group, and gives partitions without an offset one. Otherwise records that arrive before the first one is stored would be skipped
 * after a restart.
 */
async function open(consumer: Reader, topics: string[], config: Config, host: ListenHost): Promise<Stream> {
  const options = { autocommit: false, maxWaitTime: WAIT_MS, maxBytes: MAX_FETCH_BYTES } as const;
  const isFirst = host.cursor === null;
  if (isFirst && config.start === "new") {
    await consumer.joinGroup({});
    const latest = await consumer.listOffsets({ topics, timestamp: LATEST });
    const partitions = [...latest].map(([topic, offsets]) => ({ topic, partitions: offsets.map((_, index) => index) }));
    const known = await consumer.listCommittedOffsets({ topics: partitions });
    const offsets = [...latest].flatMap(([topic, ends]) =>
      ends.flatMap((offset, partition) =>
        (known.get(topic)?.[partition] ?? -1n) < 0n ? [{ topic, partition, offset, leaderEpoch: -1 }] : [],
      ),
    );
    if (offsets.length > 0) await consumer.commit({ offsets });
  }
  // A partition that is created later is read from its beginning.
  const stream = await consumer.consume({
    topics,
    mode: "committed",
    fallbackMode: "earliest",
    highWaterMark: host.window,
    ...options,
  });
  if (isFirst) await host.save({ group: config.groupId ?? host.session });
  return stream;
}

async function read(stream: Stream, standIns: StandIns, config: Config, host: ListenHost): Promise<void> {
  const stop = (): void => void stream.destroy();
  host.signal.addEventListener("abort", stop, { once: true });
  // Stays, because an error without a listener would end the thread.
  stream.on("error", () => undefined);
  const commits = new Commits((error) => void stream.destroy(error));
  try {
    for await (const record of stream) {
      const { topic, partition, offset, value } = record;
      // A large batch of records is replaced by one record with the offset of the last one.
      const large = standIns.take(value ?? NO_BYTES);
      const reference = `${large === null ? "" : "the batch that ends at "}offset ${offset} of partition ${partition}`;
      const place = { topic, reference };
      const handed =
        large === null
          ? deliver(host, config.eventType, { place, body: value ?? NO_BYTES, read: () => messageOf(record) })
          : host.quarantine(ofCompressed(place, large) ?? tooLargeToKeep(place, large, host.maxBodyBytes));
      handed.then(
        () => commits.add(record),
        () => undefined,
      );
      if (host.isFull) await host.room();
    }
    if (!host.signal.aborted) throw new Error("the consumer has ended");
  } catch (error) {
    if (!host.signal.aborted) throw error;
  } finally {
    commits.stop();
    host.signal.removeEventListener("abort", stop);
  }
}

const NO_BYTES = Buffer.alloc(0);
const MIB = 1024 * 1024;

/** Entry for a compressed batch that could not be passed on; `null`: it was not one. */
function ofCompressed(
  { topic, reference }: Place,
  { compressed, bytes, sha256, head }: LargeMessage,
): Unreadable | null {
  if (compressed === null || compressed === undefined) return null;
  const what = `A compressed record batch of ${topic.slice(0, 200)} with ${bytes} bytes`;
  const where = `Only its beginning is kept (${reference}; SHA-256 ${sha256}).`;
  const contentType = "application/octet-stream";
  if (compressed === "damaged") {
    return {
      reason: "message_unreadable",
      detail: `${what} cannot be decompressed. ${where}`,
      body: head,
      contentType,
    };
  }
  const limits = `${MAX_DECOMPRESSED_BYTES / MIB} MiB or ${MAX_RECORDS.toLocaleString("en")} records`;
  const detail = `${what} has more than ${limits} when it is decompressed. Publish smaller batches. ${where}`;
  return { reason: "too_large", detail, body: head, contentType };
}

/** Commits the offset behind the last stored record of each partition, several times a second. Records are stored in order. */
class Commits {
  readonly #onError: (error: Error) => void;
  #stored = new Map<string, Record_>();
  #timer: NodeJS.Timeout | null = null;
  #isStopped = false;

  constructor(onError: (error: Error) => void) {
    this.#onError = onError;
  }

  add(record: Record_): void {
    this.#stored.set(`${record.topic}/${record.partition}`, record);
    if (!this.#isStopped) this.#timer ??= setTimeout(() => void this.#commit(), COMMIT_MS);
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #commit(): Promise<void> {
    const records = [...this.#stored.values()];
    this.#stored = new Map();
    try {
      await Promise.all(records.map(async (record) => record.commit()));
    } catch (error) {
      this.#onError(error as Error);
    }
    this.#timer = null;
    if (this.#stored.size > 0) this.add([...this.#stored.values()][0]!);
  }
}

function messageOf({ topic, partition, offset, timestamp, key, value, headers }: Record_): BrokerMessage {
  const pairs = [...headers].map(([name, text]) => [name.toString(), text?.toString() ?? ""] as const);
  const isTombstone = value === null || value === undefined;
  const metadata: [string, string][] = [
    ["kafka-topic", topic],
    ["kafka-partition", String(partition)],
    ["kafka-offset", String(offset)],
  ];
  if (key !== null && key !== undefined) metadata.push(["kafka-message-key", key.toString()]);
  if (isTombstone) metadata.push(["kafka-tombstone", "true"]);
  const time = Number(timestamp);
  return {
    // A topic that was recreated counts from 0, and has other records.
    id: `${topic}/${partition}/${offset}@${timestamp}`,
    body: isTombstone ? Buffer.alloc(0) : value,
    contentType: pairs.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? null,
    occurredAt: time > 0 ? time : null,
    metadata,
    headers: pairs,
    topic,
  };
}

/** Leaves the group, unless a broker does not respond. */
async function closed(consumer: Reader): Promise<void> {
  const closing = consumer.close(true).catch(() => undefined);
  await Promise.race([closing, new Promise((resolve) => void setTimeout(resolve, 1500))]);
}

/** The group may still have its member, whose session ends with the connection. */
async function deleteGroup(admin: Admin, { session, signal }: ForgetHost): Promise<void> {
  for (;;) {
    try {
      return await admin.deleteGroups({ groups: [session] });
    } catch (error) {
      const codes = new Set(causesOf(error).flatMap((one) => ("apiId" in one ? [String(one.apiId)] : [])));
      // It is gone already, or the account lacks the permission.
      if (codes.has("GROUP_ID_NOT_FOUND") || codes.has("GROUP_AUTHORIZATION_FAILED")) return;
      if (!codes.has("NON_EMPTY_GROUP") || signal.aborted) throw error;
      await new Promise((resolve) => void setTimeout(resolve, 500));
    }
  }
}
