/** Reads an address of an AMQP 1.0 broker. */
import rhea, { type Connection, type Delivery, type EventContext, type Message, type Receiver } from "rhea";
import { amqpFailure, errorOf } from "../../destinations/connections/drivers/amqp.ts";
import { hostAndPort, tlsOptions } from "../../destinations/connections/tls.ts";
import type { ConfigOf } from "../kind.ts";
import type { AMQP_SOURCE } from "../kinds/amqp.ts";
import { type BrokerMessage, deliver } from "./event.ts";
import { listenFailure } from "./failure.ts";
import type { Listener, ListenHost } from "./listener.ts";

type Config = ConfigOf<(typeof AMQP_SOURCE)["fields"]>;

const IDLE_MS = 30_000;

export const amqpListener: Listener = {
  listen: (host) => {
    const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
    const connection = connect(host, reject);
    host.signal.addEventListener("abort", () => resolve(), { once: true });
    return ended.finally(() => {
      // Without the closing handshake, which a broker that hangs never ends. Unsettled messages go back to the queue.
      (connection as unknown as { readonly socket?: { destroy(): void } }).socket?.destroy();
    });
  },
  failure: (error) => {
    const result = amqpFailure(error);
    if (result === null) return null;
    const failure = listenFailure(result);
    return failure.code === "credentials_refused" && failure.hint?.includes("send") === true
      ? { ...failure, hint: "Check the credentials, and allow the account to receive from the address." }
      : failure;
  },
};

function connect(host: ListenHost, reject: (error: unknown) => void): Connection {
  const config = host.config as Config;
  const url = new URL(config.url);
  const isTls = url.protocol === "amqps:";
  const { host: name, port } = hostAndPort(url, isTls ? 5671 : 5672);
  const container = rhea.create_container({ id: host.session });
  for (const event of ["connection_error", "session_error", "receiver_error", "protocol_error", "error"]) {
    container.on(event, (context: EventContext | Error) => reject(errorOf(context)));
  }
  for (const event of ["connection_close", "session_close", "receiver_close"]) {
    container.on(event, (context: EventContext) => reject(errorOf(context)));
  }
  container.on("disconnected", (context: EventContext & { readonly error?: Error }) =>
    reject(context.error ?? Object.assign(new Error("the broker closed the connection"), { code: "ECONNRESET" })),
  );
  container.on("receiver_open", ({ receiver }: EventContext) => {
    receiver!.add_credit(host.window);
    host.connected();
  });
  container.on("message", ({ message, delivery, receiver }: EventContext) =>
    take(host, config, { message: message!, delivery: delivery!, receiver: receiver! }),
  );
  const connection = container.connect({
    host: name,
    port,
    reconnect: false,
    idle_time_out: IDLE_MS,
    // The client would send addresses as server names, which TLS does not allow.
    ...(isTls ? { transport: "tls", servername: "", ...tlsOptions(config, name) } : { transport: "tcp" }),
    ...(config.username === null ? {} : { username: config.username, password: config.password ?? "" }),
  });
  connection.open_receiver({
    source: { address: config.address },
    name: host.session,
    credit_window: 0,
    autoaccept: false,
    // Settled by the broker only after it was accepted here.
    autosettle: true,
  });
  return connection;
}

function take(
  host: ListenHost,
  config: Config,
  {
    message,
    delivery,
    receiver,
  }: { readonly message: Message; readonly delivery: Delivery; readonly receiver: Receiver },
): void {
  const accept = (): void => {
    delivery.accept();
    receiver.add_credit(1);
  };
  deliver(host, config.eventType, messageOf(message, config)).then(accept, () => undefined);
}

function messageOf(message: Message, { identity, address }: Config): BrokerMessage {
  const { message_id: messageId, creation_time: created, content_type: contentType, subject } = message;
  const id = idText(messageId);
  const metadata: [string, string][] = [["amqp-address", address]];
  for (const [name, value] of [
    ["amqp-message-id", id],
    ["amqp-subject", subject],
    ["amqp-correlation-id", idText(message.correlation_id)],
    ["amqp-group-id", message.group_id],
    ["amqp-reply-to", message.reply_to],
    ["amqp-delivery-count", message.delivery_count],
  ] as const) {
    if (value !== undefined && value !== null && value !== "") metadata.push([name, String(value)]);
  }
  const time = created === undefined ? NaN : Number(created);
  return {
    id: identity === "message-id" && id !== "" ? id : null,
    body: bodyOf(message.body),
    contentType: contentType ?? null,
    occurredAt: Number.isFinite(time) && time > 0 ? time : null,
    metadata,
    headers: Object.entries((message.application_properties ?? {}) as Readonly<Record<string, unknown>>).map(
      ([name, value]) => [name, typeof value === "string" ? value : (JSON.stringify(value) ?? "")] as const,
    ),
    topic: subject ?? address,
  };
}

function idText(id: unknown): string {
  if (typeof id === "string") return id;
  if (typeof id === "number") return String(id);
  return id instanceof Uint8Array ? Buffer.from(id).toString("hex") : "";
}

/** The bytes of a data section, the text of a string, and values of other types as JSON. */
function bodyOf(body: unknown): Uint8Array {
  if (typeof body === "string") return Buffer.from(body);
  if (body instanceof Uint8Array) return body;
  const section = body as { readonly typecode?: number; readonly content?: unknown } | null | undefined;
  if (section?.typecode === DATA_SECTION) {
    const { content } = section;
    if (Array.isArray(content)) return Buffer.concat(content.filter((part) => part instanceof Uint8Array));
    if (content instanceof Uint8Array) return content;
  }
  return Buffer.from(JSON.stringify(section?.typecode === undefined ? body : section.content) ?? "");
}

const DATA_SECTION = 0x75;
