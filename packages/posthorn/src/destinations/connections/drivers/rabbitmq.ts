import type { Socket } from "node:net";
import { type ChannelModel, connect, type Message } from "amqplib";
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
  ResultError,
  retry,
} from "../driver.ts";
import { hostAndPort, type TlsFields, tlsOptions } from "../tls.ts";
import { PublishFrames } from "./rabbitmq-frames.ts";

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

/**
 * Writes the frames of messages itself, those of one turn together, and matches confirmations by their number. The client's own publishing
 * takes more CPU time than everything else that happens to a message here.
 */
class RabbitMqLink implements Link {
  readonly #connection: ChannelModel;
  readonly #config: Config;
  readonly #onDown: () => void;
  /** Messages that the exchange could not route, until the confirmation that follows. */
  readonly #returned = new Map<number, Message>();
  /** Messages that are not confirmed yet, by their number on the channel, in order. */
  readonly #inFlight = new Map<number, Receipt>();
  #frames: PublishFrames | null = null;
  #error: unknown = null;
  /** Reason that the broker gave for accepting nothing. */
  #blocked: string | null = null;
  /** The broker counts the messages of the channel from 1. */
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
      // Messages published since the alarm are confirmed only after it ends, so they are sent again.
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
      (message: Message) => void this.#returned.set(Number(message.properties.correlationId), message),
    );
    // The client would look for messages that it has published itself.
    channel.removeAllListeners("ack").removeAllListeners("nack");
    channel.on("ack", (confirmation) => this.#confirmed(confirmation, true));
    channel.on("nack", (confirmation) => this.#confirmed(confirmation, false));
    // The broker closes the channel when the exchange does not exist or must not be written to.
    channel.on("error", (error: Error) => this.#end(error));
    channel.on("close", () => this.#end(new Error("the broker closed the channel")));
    const { exchange, routingKey } = this.#config;
    const { ch } = channel as unknown as { readonly ch: number };
    const { frameMax } = innerOf(this.#connection);
    this.#frames = new PublishFrames({ channel: ch, exchange: exchange ?? "", routingKey, maxBytes: frameMax });
  }

  send(message: KindMessage, receipt: Receipt): undefined {
    const problem = this.#blocked === null ? this.#error : new BlockedError(this.#blocked);
    if (problem !== null) {
      receipt.fail(problem);
      return;
    }
    const number = this.#lastNumber + 1;
    let frames: Buffer;
    try {
      frames = this.#frames!.of(message, String(number));
    } catch (error) {
      // The connection is not affected.
      if (error instanceof ResultError) receipt.settle(error.result);
      else receipt.fail(error);
      return;
    }
    this.#lastNumber = number;
    this.#inFlight.set(number, receipt);
    this.#write(frames);
  }

  /** The messages of one turn are one write. */
  #write(frames: Buffer): void {
    const { stream } = innerOf(this.#connection);
    if (!this.#isCorked) {
      this.#isCorked = true;
      stream.cork();
      setImmediate(() => {
        this.#isCorked = false;
        stream.uncork();
      });
    }
    stream.write(frames);
  }

  /** @param isStored `false`: the broker has rejected the messages. Otherwise it has stored or returned them. */
  #confirmed({ deliveryTag, multiple }: Confirmation, isStored: boolean): void {
    if (!multiple) return this.#settle(deliveryTag, isStored);
    for (const number of this.#inFlight.keys()) {
      if (number > deliveryTag) return;
      this.#settle(number, isStored);
    }
  }

  #settle(number: number, isStored: boolean): void {
    const receipt = this.#inFlight.get(number);
    const returned = this.#returned.get(number);
    this.#inFlight.delete(number);
    if (returned !== undefined) this.#returned.delete(number);
    if (isStored) receipt?.settle(outcomeOf(returned, this.#config));
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

interface Confirmation {
  readonly deliveryTag: number;
  /** It confirms all messages up to this number. */
  readonly multiple: boolean;
}

/** Ends a connection without the closing handshake, which a broker that hangs never completes. */
export function drop(connection: ChannelModel): void {
  innerOf(connection).stream.destroy();
}

/** The client's own connection. */
function innerOf({ connection }: ChannelModel): { readonly stream: Socket; readonly frameMax: number } {
  return connection as unknown as { readonly stream: Socket; readonly frameMax: number };
}

class NackError extends Error {}

class BlockedError extends Error {}

const OK: ItemResult = { kind: "ok", reference: null };

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
