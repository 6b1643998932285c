import rhea, { type Connection, type Delivery, type EventContext, type Sender } from "rhea";
import type { AMQP } from "../../kinds/amqp.ts";
import type { ConfigOf, ItemResult, KindMessage } from "../../kind.ts";
import {
  closed,
  type Driver,
  type FailedResult,
  later,
  type Link,
  type LinkHost,
  quoted,
  refused,
  retry,
} from "../driver.ts";
import { causesOf } from "../failure.ts";
import { hostAndPort, tlsOptions } from "../tls.ts";

type Config = ConfigOf<typeof AMQP.fields>;

const IDLE_MS = 30_000;
const BUSY_MS = 10_000;

export const amqpDriver: Driver = {
  open: async (config, host) => {
    const link = new AmqpLink(config as Config, host);
    await link.opened;
    return link;
  },
  failure: amqpFailure,
};

/** Error of the protocol: a condition such as `amqp:not-found`, and a description. */
class AmqpError extends Error {
  readonly condition: string;

  constructor(condition: string, description: string) {
    super(description);
    this.condition = condition;
  }
}

interface Pending {
  readonly resolve: (result: ItemResult) => void;
  readonly reject: (error: unknown) => void;
}

class AmqpLink implements Link {
  readonly #connection: Connection;
  readonly #sender: Sender;
  readonly #onDown: () => void;
  readonly #inFlight = new Map<Delivery, Pending>();
  /** Messages that wait until the broker grants credit. */
  readonly #waiting: (Pending & { readonly message: KindMessage })[] = [];
  readonly #opening = Promise.withResolvers<void>();
  #error: unknown = null;

  constructor(config: Config, { signal, onDown }: LinkHost) {
    const url = new URL(config.url);
    const isTls = url.protocol === "amqps:";
    const { host, port } = hostAndPort(url, isTls ? 5671 : 5672);
    this.#onDown = onDown;
    const container = rhea.create_container({ id: "posthorn" });
    for (const event of ["connection_error", "session_error", "sender_error", "protocol_error", "error"]) {
      container.on(event, (context: EventContext | Error) => this.#end(errorOf(context)));
    }
    for (const event of ["connection_close", "session_close", "sender_close"]) {
      container.on(event, () => this.#end(new AmqpError("", "the broker closed the link")));
    }
    container.on("disconnected", (context: EventContext & { readonly error?: Error }) =>
      this.#end(context.error ?? Object.assign(new Error("the broker closed the connection"), { code: "ECONNRESET" })),
    );
    container.on("sender_open", () => this.#opening.resolve());
    container.on("sendable", () => this.#pump());
    container.on("accepted", ({ delivery }: EventContext) => this.#settle(delivery!, { kind: "ok", reference: null }));
    container.on("rejected", ({ delivery }: EventContext) => this.#settle(delivery!, rejection(delivery!)));
    const giveBack = ({ delivery }: EventContext): void =>
      this.#settle(
        delivery!,
        retry("target_unavailable", "The broker did not accept the message (released). Check the limits of the queue."),
      );
    container.on("released", giveBack);
    container.on("modified", giveBack);
    this.#connection = container.connect({
      host,
      port,
      reconnect: false,
      idle_time_out: IDLE_MS,
      // The client would send addresses as server names, which TLS does not allow.
      ...(isTls ? { transport: "tls", servername: "", ...tlsOptions(config, host) } : { transport: "tcp" }),
      ...(config.username === null ? {} : { username: config.username, password: config.password ?? "" }),
    });
    this.#sender = this.#connection.open_sender({ target: { address: config.address }, autosettle: true });
    signal.addEventListener("abort", () => this.close(), { once: true });
    if (signal.aborted) this.close();
  }

  /** Settles when the broker has accepted the address. */
  get opened(): Promise<void> {
    return this.#opening.promise;
  }

  send(message: KindMessage): Promise<ItemResult> {
    return new Promise((resolve, reject) => {
      if (this.#error !== null) return reject(this.#error);
      this.#waiting.push({ message, resolve, reject });
      this.#pump();
    });
  }

  close(): void {
    this.#end(new AmqpError("", "the connection was closed"));
    // Without the closing handshake, which a broker that hangs never ends.
    (this.#connection as unknown as { readonly socket?: { destroy(): void } }).socket?.destroy();
  }

  #pump(): void {
    while (this.#waiting.length > 0 && this.#error === null && this.#sender.sendable()) {
      const { message, resolve, reject } = this.#waiting.shift()!;
      try {
        this.#inFlight.set(this.#sender.send(wireMessage(message)), { resolve, reject });
      } catch (error) {
        reject(error);
      }
    }
  }

  #settle(delivery: Delivery, result: ItemResult): void {
    this.#inFlight.get(delivery)?.resolve(result);
    this.#inFlight.delete(delivery);
  }

  #end(error: unknown): void {
    this.#error ??= error;
    this.#opening.reject(this.#error);
    for (const { reject } of [...this.#inFlight.values(), ...this.#waiting]) reject(this.#error);
    this.#inFlight.clear();
    this.#waiting.length = 0;
    this.#onDown();
  }
}

function wireMessage({ id, eventType, contentType, createdAt, orderingKey, attributes, body }: KindMessage) {
  return {
    durable: true,
    message_id: id,
    subject: eventType,
    content_type: contentType,
    creation_time: createdAt as unknown as Date,
    ...(orderingKey === null ? {} : { group_id: orderingKey }),
    application_properties: Object.fromEntries(attributes),
    body: rhea.message.data_section(Buffer.from(body)) as unknown,
  };
}

interface RemoteError {
  readonly condition?: string;
  readonly description?: string;
}

interface Failed {
  readonly error?: RemoteError | Error;
}

export function errorOf(context: EventContext | Error): Error {
  if (context instanceof Error) return context;
  const holders = [context, context.sender, context.receiver, context.session, context.connection] as readonly (
    | Failed
    | undefined
  )[];
  const error = holders.map((holder) => holder?.error).find((one) => one !== undefined && one !== null);
  // Errors of the connection are errors of the client with the condition of the broker.
  if (error instanceof Error && !("condition" in error)) return error;
  if (error instanceof Error) return new AmqpError(String(error.condition), error.message);
  return new AmqpError(error?.condition ?? "", error?.description ?? "the broker ended the link");
}

function rejection(delivery: Delivery): FailedResult {
  const error = (delivery as unknown as { readonly remote_state?: { readonly error?: RemoteError } }).remote_state
    ?.error;
  const condition = error?.condition ?? "";
  const text = `${quoted(error?.description ?? "no description")}${condition === "" ? "" : ` (${condition})`}`;
  return conditionFailure(condition, text) ?? refused("message_invalid", `The broker rejected the message: ${text}.`);
}

export function amqpFailure(error: unknown): FailedResult | null {
  for (const one of causesOf(error)) {
    if (one instanceof AmqpError) {
      const text = `${quoted(one.message)}${one.condition === "" ? "" : ` (${one.condition})`}`;
      return (
        conditionFailure(one.condition, text) ?? retry("connection_failed", `The broker ended the connection: ${text}.`)
      );
    }
    if (/sasl|authenticat/i.test(one.message)) {
      return closed(
        "credentials_refused",
        `The broker refused the credentials: ${quoted(one.message)}. Check user name and password.`,
      );
    }
  }
  return null;
}

function conditionFailure(condition: string, text: string): FailedResult | null {
  switch (condition) {
    case "amqp:unauthorized-access":
      return closed(
        "credentials_refused",
        `The broker refused access: ${text}. Check the credentials, and allow the account to send to the address.`,
      );
    case "amqp:not-found":
    case "amqp:resource-deleted":
      return closed("target_not_found", `The address does not exist: ${text}. Create it, or change the configuration.`);
    case "amqp:not-allowed":
    case "amqp:not-implemented":
    case "amqp:invalid-field":
      return closed("target_not_found", `The broker does not allow sending to this address: ${text}.`);
    case "amqp:connection:redirect":
    case "amqp:link:redirect":
      return closed(
        "target_not_found",
        `The broker redirects to another address (${condition}), which we do not follow. Enter that address.`,
      );
    case "amqp:link:message-size-exceeded":
      return refused("message_too_large", `The message is larger than the broker accepts: ${text}.`);
    case "amqp:resource-limit-exceeded":
    case "com.microsoft:server-busy":
      return later("target_unavailable", `The broker is overloaded: ${text}.`, BUSY_MS);
    case "amqp:connection:forced":
    case "amqp:internal-error":
      return retry("target_unavailable", `The broker ended the connection: ${text}.`);
    default:
      return null;
  }
}
