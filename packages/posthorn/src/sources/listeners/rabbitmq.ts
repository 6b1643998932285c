/** Reads a queue of an AMQP 0.9.1 broker. */
import type { Channel, ConsumeMessage } from "amqplib";
import { connectRabbitMq, drop, rabbitMqFailure } from "../../destinations/connections/drivers/rabbitmq.ts";
import type { ConfigOf } from "../kind.ts";
import type { RABBITMQ_SOURCE } from "../kinds/rabbitmq.ts";
import { type BrokerMessage, deliver, tooLargeToKeep } from "./event.ts";
import { listenFailure } from "./failure.ts";
import { EXTRA_BYTES, HEAD_BYTES, LargeBody, type LargeMessage } from "./large-messages.ts";
import { type Listener, ListenError, type ListenHost, unsupportedClient } from "./listener.ts";

type Config = ConfigOf<(typeof RABBITMQ_SOURCE)["fields"]>;

export const rabbitMqListener: Listener = {
  listen: async (host) => {
    const config = host.config as Config;
    const connection = await connectRabbitMq(config);
    const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
    ended.catch(() => undefined);
    host.signal.addEventListener("abort", () => resolve(), { once: true });
    connection.on("error", reject);
    connection.on("close", () => reject(new Error("the broker closed the connection")));
    try {
      const channel = await connection.createChannel();
      channel.on("error", reject);
      channel.on("close", () => reject(new Error("the broker closed the channel")));
      const { large, seen } = shorten(channel, host);
      await channel.prefetch(host.window);
      await channel.consume(config.queue, (message) => take(message, { channel, config, host, large, seen, reject }), {
        noAck: false,
      });
      if (host.signal.aborted) return;
      host.connected();
      await ended;
    } finally {
      // Unacknowledged messages go back to the queue.
      drop(connection);
    }
  },
  failure: (error) => {
    const result = rabbitMqFailure(error);
    if (result === null) return null;
    const failure = listenFailure(result);
    if (failure.code !== "credentials_refused" || !/access to queue|permission/i.test(failure.message)) return failure;
    return { ...failure, hint: "Allow the user to read the queue." };
  },
};

/** Frame of a channel, as the client has decoded it. */
interface Frame {
  readonly id?: number;
  /** Properties of a message. */
  readonly fields?: object;
  /** Bytes of the body, in a content header. */
  readonly size?: number;
  /** Part of a body. */
  readonly content?: Buffer;
}

interface Shortened {
  /** Messages that were too large to be kept, by their properties. */
  readonly large: WeakMap<object, LargeMessage>;
  /** Properties of all messages whose frames were seen. */
  readonly seen: WeakSet<object>;
}

/**
 * Lets the client see only the beginning of messages that are too large to be kept: it collects the frames of a message in memory, and a broker
 * announces no size before it sends. `accept` of a channel gets each frame.
 */
function shorten(channel: Channel, { maxBodyBytes, skipped }: ListenHost): Shortened {
  const found = new WeakMap<object, LargeMessage>();
  const seen = new WeakSet();
  const receiver = channel as unknown as { accept(frame: Frame): void };
  if (typeof receiver.accept !== "function") throw unsupportedClient("amqplib");
  const accept = receiver.accept.bind(receiver);
  let dropping: { left: number; readonly body: LargeBody } | null = null;
  receiver.accept = (frame) => {
    const { size, fields, content } = frame;
    if (dropping !== null && content !== undefined) {
      dropping.body.add(content);
      dropping.left -= content.byteLength;
      skipped(content.byteLength);
      if (dropping.left > 0) return;
      accept({ ...frame, content: dropping.body.head });
      dropping = null;
      return;
    }
    if (size !== undefined && fields !== undefined) seen.add(fields);
    if (size === undefined || fields === undefined || size <= maxBodyBytes + EXTRA_BYTES) {
      accept(frame);
      return;
    }
    dropping = { left: size, body: new LargeBody() };
    found.set(fields, dropping.body);
    accept({ ...frame, size: HEAD_BYTES });
  };
  return { large: found, seen };
}

interface Reading extends Shortened {
  readonly channel: Channel;
  readonly config: Config;
  readonly host: ListenHost;
  readonly reject: (error: Error) => void;
}

function take(message: ConsumeMessage | null, { channel, config, host, large, seen, reject }: Reading): void {
  if (message === null) {
    const text = "The broker ended the subscription, because the queue was deleted or has moved.";
    return reject(new ListenError("target_not_found", text, "Check that the queue exists."));
  }
  const { content, properties, fields } = message;
  if (!seen.has(properties)) return reject(unsupportedClient("amqplib"));
  const id = typeof properties.messageId === "string" ? `, message ID ${properties.messageId.slice(0, 200)}` : "";
  const place = { topic: fields.routingKey, reference: `queue ${config.queue}${id}` };
  const found = large.get(properties);
  const handed =
    found === undefined
      ? deliver(host, config.eventType, { place, body: content, read: () => messageOf(message, config) })
      : host.quarantine(tooLargeToKeep(place, found, host.maxBodyBytes));
  handed.then(
    () => channel.ack(message),
    () => undefined,
  );
  return undefined;
}

function messageOf({ content, properties, fields }: ConsumeMessage, { identity, queue }: Config): BrokerMessage {
  const { messageId, timestamp, contentType, headers } = properties as {
    readonly messageId?: string;
    readonly timestamp?: number;
    readonly contentType?: string;
    readonly headers?: Readonly<Record<string, unknown>>;
  };
  const { exchange, routingKey, redelivered } = fields;
  const metadata: [string, string][] = [
    ["amqp-queue", queue],
    ["amqp-exchange", exchange],
    ["amqp-routing-key", routingKey],
    ["amqp-redelivered", String(redelivered)],
  ];
  const texts = properties as unknown as Readonly<Record<string, unknown>>;
  for (const name of ["messageId", "correlationId", "replyTo", "type", "appId"] as const) {
    const value = texts[name];
    if (typeof value === "string" && value !== "") metadata.push([`amqp-${dashed(name)}`, value]);
  }
  return {
    id: identity === "message-id" && typeof messageId === "string" && messageId !== "" ? messageId : null,
    body: content,
    contentType: contentType ?? null,
    occurredAt: typeof timestamp === "number" && timestamp > 0 ? timestamp * 1000 : null,
    metadata,
    headers: Object.entries(headers ?? {}).map(([name, value]) => [name, textOf(value)] as const),
    topic: routingKey,
  };
}

function dashed(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return JSON.stringify(value) ?? "";
}
