import type { Socket } from "node:net";
import { type ChannelModel, type ConfirmChannel, connect, type Message } from "amqplib";
import type { RABBITMQ } from "../../kinds/rabbitmq.ts";
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
import { hostAndPort, type TlsFields, tlsOptions } from "../tls.ts";

type Config = ConfigOf<typeof RABBITMQ.fields>;

const BLOCKED_MS = 10_000;
const HEARTBEAT_SECONDS = 30;

export const rabbitMqDriver: Driver = {
  open: async (config, { signal, onDown }) => {
    const settings = config as Config;
    const connection = await connectRabbitMq(settings);
    const link = new RabbitMqLink(connection, settings, onDown);
    if (signal.aborted) drop(connection);
    await link.openChannel();
    return link;
  },
  failure: rabbitMqFailure,
};

/** @param config With the URI and the TLS fields. */
export function connectRabbitMq(config: TlsFields & { readonly uri: string }): Promise<ChannelModel> {
  const url = new URL(config.uri);
  const isTls = url.protocol === "amqps:";
  const { host: hostname, port } = hostAndPort(url, isTls ? 5671 : 5672);
  return connect(
    {
      protocol: isTls ? "amqps" : "amqp",
      hostname,
      port,
      username: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      vhost: url.pathname.length > 1 ? url.pathname.slice(1) : "/",
      heartbeat: HEARTBEAT_SECONDS,
    },
    { noDelay: true, ...tlsOptions(config, hostname) },
  );
}

class RabbitMqLink implements Link {
  readonly #connection: ChannelModel;
  readonly #config: Config;
  readonly #onDown: () => void;
  /** Messages that the exchange could not route, until the confirmation that follows. */
  readonly #returned = new Map<string, Message>();
  /** Messages that are not confirmed yet, by their correlation ID. */
  readonly #inFlight = new Map<string, Receipt>();
  #channel: ConfirmChannel | null = null;
  #error: unknown = null;
  /** Reason that the broker gave for accepting nothing. */
  #blocked: string | null = null;
  #lastNumber = 0;
  #isCorked = false;

  constructor(connection: ChannelModel, config: Config, onDown: () => void) {
    this.#connection = connection;
    this.#config = config;
    this.#onDown = onDown;
    connection.on("error", (error: Error) => this.#end(error));
    connection.on("close", () => this.#end(new Error("the broker closed the connection")));
    connection.on("blocked", (reason: string) => {
      this.#blocked = reason;
      // What was published since the alarm is confirmed only after it, so its messages are sent again.
      this.#failAll(new BlockedError(reason));
    });
    connection.on("unblocked", () => {
      this.#blocked = null;
    });
  }

  async openChannel(): Promise<void> {
    const channel = await this.#connection.createConfirmChannel();
    channel.on(
      "return",
      (message: Message) => void this.#returned.set(String(message.properties.correlationId), message),
    );
    // The broker closes the channel when the exchange does not exist or must not be written to.
    channel.on("error", (error: Error) => this.#end(error));
    channel.on("close", () => this.#end(new Error("the broker closed the channel")));
    this.#channel = channel;
  }

  send(message: KindMessage, receipt: Receipt): undefined {
    const problem = this.#blocked === null ? this.#error : new BlockedError(this.#blocked);
    if (problem !== null) {
      receipt.fail(problem);
      return;
    }
    const number = String(++this.#lastNumber);
    const { exchange, routingKey } = this.#config;
    const { body } = message;
    this.#writeTogether();
    const properties = propertiesOf(message, number);
    this.#inFlight.set(number, receipt);
    try {
      const content = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
      this.#channel!.publish(exchange ?? "", routingKey, content, properties, (error: unknown) =>
        this.#confirmed(number, error ?? null),
      );
    } catch (error) {
      this.#inFlight.delete(number);
      receipt.fail(error);
    }
  }

  /** The client writes each message by itself, one turn later. */
  #writeTogether(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    const stream = streamOf(this.#connection);
    stream.cork();
    setImmediate(() =>
      setImmediate(() => {
        this.#isCorked = false;
        stream.uncork();
      }),
    );
  }

  /** @param error `null`: the broker has stored or returned the message. */
  #confirmed(number: string, error: unknown): void {
    const receipt = this.#inFlight.get(number);
    const returned = this.#returned.get(number);
    this.#inFlight.delete(number);
    this.#returned.delete(number);
    if (error === null) receipt?.settle(outcomeOf(returned, this.#config));
    else receipt?.fail(new NackError());
  }

  close(): void {
    this.#end(new Error("closed"));
    drop(this.#connection);
  }

  #end(error: unknown): void {
    this.#error ??= error;
    this.#failAll(this.#error);
    this.#onDown();
  }

  #failAll(error: unknown): void {
    const receipts = [...this.#inFlight.values()];
    this.#inFlight.clear();
    this.#returned.clear();
    for (const receipt of receipts) receipt.fail(error);
  }
}

/** Ends a connection without the closing handshake, which a broker that hangs never completes. */
export function drop(connection: ChannelModel): void {
  streamOf(connection).destroy();
}

function streamOf({ connection }: ChannelModel): Socket {
  return (connection as unknown as { readonly stream: Socket }).stream;
}

class NackError extends Error {}

class BlockedError extends Error {}

const OK: ItemResult = { kind: "ok", reference: null };

function propertiesOf(
  { id, eventType, contentType, createdAt, attributes }: KindMessage,
  correlationId: string,
): object {
  const headers: Record<string, string> = {};
  for (const [name, value] of attributes) headers[name] = value;
  return {
    messageId: id,
    type: eventType.slice(0, 255),
    contentType: contentType.slice(0, 255),
    timestamp: Math.floor(createdAt / 1000),
    deliveryMode: 2,
    headers,
    correlationId,
    mandatory: true,
  };
}

function outcomeOf(returned: Message | undefined, { exchange, routingKey }: Config): ItemResult {
  if (returned === undefined) return OK;
  const where =
    exchange === null
      ? `no queue is named "${routingKey}"`
      : `exchange "${exchange}" has no queue bound for "${routingKey}"`;
  return closed(
    "target_not_found",
    `The broker could not route the message (312 NO_ROUTE): ${where}. Declare or bind the queue, or change the routing key.`,
  );
}

export function rabbitMqFailure(error: unknown): FailedResult | null {
  if (error instanceof BlockedError) {
    const sentence = `The broker accepts no messages at the moment (connection.blocked: ${quoted(error.message)}). Free memory or disk space on it.`;
    return later("target_unavailable", sentence, BLOCKED_MS);
  }
  if (error instanceof NackError) {
    return retry(
      "target_unavailable",
      "The broker did not store the message (basic.nack). Check the limits of the queue and the log of the broker.",
    );
  }
  if (!(error instanceof Error)) return null;
  const text = quoted(error.message);
  const code =
    "code" in error && typeof error.code === "number"
      ? error.code
      : Number(/\b(3\d\d|4\d\d|5\d\d) \(/.exec(text)?.[1] ?? 0);
  switch (code) {
    case 311:
      return refused("message_too_large", `The message is larger than the broker accepts: ${text}.`);
    case 402:
    case 530:
      return closed(
        "target_not_found",
        `The broker refused the virtual host: ${text}. Check the path of the URI and the permissions of the user.`,
      );
    case 403:
      return closed(
        "credentials_refused",
        `The broker refused access: ${text}. Check user name, password, and the permission to write to the exchange.`,
      );
    case 404:
      return closed(
        "target_not_found",
        `The exchange or virtual host does not exist: ${text}. Create it, or change the configuration.`,
      );
    case 406:
      // A body over max_message_size closes the channel with this code.
      return /size|larger/i.test(text)
        ? refused("message_too_large", `The message is larger than the broker accepts: ${text}.`)
        : refused("message_invalid", `The broker refused the message: ${text}.`);
    case 320:
    case 541:
      return retry("target_unavailable", `The broker closed the connection: ${text}.`);
    default:
      // The client reports only the frame that refused the virtual host, without its text.
      if (/Expected ConnectionOpenOk/.test(text)) {
        return closed(
          "target_not_found",
          "The broker refused the virtual host. Check the path of the URI and the permissions of the user.",
        );
      }
      return /ACCESS.REFUSED/i.test(text)
        ? closed("credentials_refused", `The broker refused the user: ${text}. Check user name and password.`)
        : null;
  }
}
