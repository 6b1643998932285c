/** Reads a JetStream stream with a durable consumer. */
import {
  AckPolicy,
  type ConsumerMessages,
  DeliverPolicy,
  jetstream,
  jetstreamManager,
  type JsMsg,
} from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { quoted } from "../../destinations/connections/driver.ts";
import { firstConnection, natsFailure } from "../../destinations/connections/drivers/nats.ts";
import { causesOf } from "../../destinations/connections/failure.ts";
import type { ConfigOf } from "../kind.ts";
import type { NATS_SOURCE } from "../kinds/nats.ts";
import { type BrokerMessage, deliver, tooLargeToKeep } from "./event.ts";
import { listenFailure } from "./failure.ts";
import { EXTRA_BYTES, StandIns } from "./large-messages.ts";
import { type ForgetHost, type Listener, ListenError, type ListenHost } from "./listener.ts";
import { NatsFrames } from "./nats-frames.ts";

type Config = ConfigOf<(typeof NATS_SOURCE)["fields"]>;

/** The server redelivers a message that was not acknowledged for this long. */
const ACK_WAIT_NS = 60_000_000_000;
const NOT_FOUND: ReadonlySet<number> = new Set([10_014, 10_059]);

export const natsListener: Listener = {
  listen: async (host) => {
    const config = host.config as Config;
    const standIns = new StandIns();
    host.shorten((output) => new NatsFrames(host.maxBodyBytes + EXTRA_BYTES, standIns, output));
    const connection = await firstConnection(config);
    const stop = (): void => void connection.close();
    host.signal.addEventListener("abort", stop, { once: true });
    try {
      const name = config.consumer ?? (await durableConsumer(connection, config, host));
      const consumer = await jetstream(connection).consumers.get(config.stream, name);
      const messages = await consumer.consume({ max_messages: host.window, abort_on_missing_resource: true });
      host.connected();
      await read(messages, standIns, config, host);
      const error = await connection.closed();
      throw error ?? Object.assign(new Error("the server closed the connection"), { code: "ECONNRESET" });
    } finally {
      host.signal.removeEventListener("abort", stop);
      await connection.close();
    }
  },
  forget: async (host) => {
    const config = host.config as Config;
    if (config.consumer !== null) return;
    const connection = await firstConnection(config);
    try {
      const manager = await jetstreamManager(connection);
      await manager.consumers.delete(config.stream, consumerName(host));
    } catch (error) {
      if (!isNotFound(error)) throw error;
    } finally {
      await connection.close();
    }
  },
  failure: (error) => {
    if (isNotFound(error)) {
      const { message } = causesOf(error)[0]!;
      const text = `The stream or its consumer does not exist (${quoted(message)}).`;
      return {
        code: "target_not_found",
        message: text,
        hint: "Create it, or change the configuration.",
        retryAfterMs: null,
      };
    }
    const result = natsFailure(error);
    if (result === null) return null;
    const failure = listenFailure(result);
    return failure.code === "credentials_refused" && failure.hint?.includes("publish") === true
      ? { ...failure, hint: "Allow the user to publish to $JS.API.> and $JS.ACK.>, and to subscribe to _INBOX.>." }
      : failure;
  },
};

/** Hands over messages until the connection ends. The client requests more when those it has are read. */
async function read(messages: ConsumerMessages, standIns: StandIns, config: Config, host: ListenHost): Promise<void> {
  for await (const message of messages) {
    const place = { topic: message.subject, reference: `sequence ${message.seq} of stream ${config.stream}` };
    const large = standIns.take(message.data);
    const handed =
      large === null
        ? deliver(host, config.eventType, { place, body: message.data, read: () => messageOf(message, config) })
        : host.quarantine(tooLargeToKeep(place, large, host.maxBodyBytes));
    handed.then(
      () => message.ack(),
      () => undefined,
    );
    if (host.isFull) await host.room();
  }
}

/** Creates the consumer, or changes its subjects without changing its position. */
async function durableConsumer(connection: NatsConnection, config: Config, host: ListenHost): Promise<string> {
  const name = consumerName(host);
  const { consumers } = await jetstreamManager(connection);
  const subjects = config.subjects === null ? {} : { filter_subjects: config.subjects.split(/, ?/) };
  try {
    await consumers.update(config.stream, name, { max_ack_pending: host.window, filter_subjects: [], ...subjects });
    return name;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  await consumers.add(config.stream, {
    durable_name: name,
    description: "Posthorn",
    ack_policy: AckPolicy.Explicit,
    ack_wait: ACK_WAIT_NS,
    max_ack_pending: host.window,
    // A consumer that was removed has lost the position. The stream is read from its beginning then, and repetitions are dropped.
    deliver_policy: config.start === "all" || host.cursor !== null ? DeliverPolicy.All : DeliverPolicy.New,
    ...subjects,
  });
  await host.save({ consumer: name });
  return name;
}

function consumerName({ session }: ForgetHost): string {
  return session.replaceAll(/[\s.*>/\\]/g, "_");
}

function messageOf(message: JsMsg, { stream }: Config): BrokerMessage {
  const { headers, subject, seq, info, data } = message;
  const pairs: [string, string][] = [];
  for (const [name, values] of headers ?? []) for (const value of values) pairs.push([name, value]);
  const contentType = pairs.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? null;
  return {
    // A stream that was recreated counts from 1, and has other messages.
    id: `${stream}/${seq}@${message.timestampNanos}`,
    body: data,
    contentType,
    occurredAt: Number(message.timestampNanos / 1_000_000n),
    metadata: [
      ["nats-stream", stream],
      ["nats-subject", subject],
      ["nats-sequence", String(seq)],
      ["nats-delivery-count", String(info.deliveryCount)],
    ],
    headers: pairs,
    topic: subject,
  };
}

function isNotFound(error: unknown): boolean {
  return (
    !(error instanceof ListenError) &&
    causesOf(error).some(
      (one) =>
        one.name === "ConsumerNotFoundError" ||
        one.name === "StreamNotFoundError" ||
        ("code" in one && NOT_FOUND.has(Number(one.code))) ||
        /(?:consumer|stream) not found/i.test(one.message),
    )
  );
}
