/** Reads an address of an AMQP 1.0 broker. */
import rhea, { type Connection, type Delivery, type EventContext, type Message, type Receiver } from "rhea";
import { amqpFailure, errorOf } from "../../destinations/connections/drivers/amqp.ts";
import { hostAndPort, tlsOptions } from "../../destinations/connections/tls.ts";
import type { ConfigOf } from "../kind.ts";
import type { AMQP_SOURCE } from "../kinds/amqp.ts";
import { type BrokerMessage, deliver, tooLargeToKeep } from "./event.ts";
import { listenFailure } from "./failure.ts";
import { EXTRA_BYTES, LargeBody, type LargeMessage } from "./large-messages.ts";
import { type Listener, type ListenHost, unsupportedClient } from "./listener.ts";

type Config = ConfigOf<(typeof AMQP_SOURCE)["fields"]>;

const IDLE_MS = 30_000;
/** Longest frame that the broker may send, so that a large message arrives in parts. */
const FRAME_BYTES = 256 * 1024;
/** Format of messages that the client does not decode: the standard has 0. */
const RAW = 1;

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
  const large = new WeakMap<object, LargeMessage>();
  container.on("message", ({ message, delivery, receiver }: EventContext) => {
    const encoded: unknown = message;
    if (!Buffer.isBuffer(encoded)) return reject(unsupportedClient("rhea"));
    return take(host, config, { encoded, large, delivery: delivery!, receiver: receiver! });
  });
  const connection = container.connect({
    host: name,
    port,
    reconnect: false,
    idle_time_out: IDLE_MS,
    max_frame_size: FRAME_BYTES,
    // The client would send addresses as server names, which TLS does not allow.
    ...(isTls ? { transport: "tls", servername: "", ...tlsOptions(config, name) } : { transport: "tcp" }),
    ...(config.username === null ? {} : { username: config.username, password: config.password ?? "" }),
  });
  const opened = connection.open_receiver({
    source: { address: config.address },
    name: host.session,
    credit_window: 0,
    autoaccept: false,
    // Settled by the broker only after it was accepted here.
    autosettle: true,
  });
  takeRaw(opened, host, { large, reject });
  return connection;
}

interface Transfer {
  readonly performative: { message_format?: number; readonly more?: boolean };
  payload?: Buffer;
}

interface Incoming {
  on_transfer(frame: Transfer, receiver: object): void;
}

/** A message whose frames the client collects. It becomes the delivery. */
interface Incomplete {
  frames: Buffer[];
}

/**
 * Makes the client hand over messages undecoded, and without those that are too large to be kept. Otherwise, it would collect them in memory,
 * and end the connection on a message that it cannot decode.
 *
 * @param large Gets the messages that were dropped, by their delivery.
 */
function takeRaw(
  receiver: Receiver,
  { maxBodyBytes, skipped }: ListenHost,
  { large, reject }: { readonly large: WeakMap<object, LargeMessage>; readonly reject: (error: Error) => void },
): void {
  const { incoming } = receiver.session as unknown as { readonly incoming?: Partial<Incoming> };
  if (typeof incoming?.on_transfer !== "function") return reject(unsupportedClient("rhea"));
  const onTransfer = incoming.on_transfer.bind(incoming);
  let bytes = 0;
  let body: LargeBody | null = null;
  incoming.on_transfer = (frame, link) => {
    const { performative, payload = NO_BYTES } = frame;
    performative.message_format = RAW;
    bytes += payload.byteLength;
    const current = Reflect.get(link, "_incomplete") as Incomplete | undefined;
    if (current !== undefined && bytes > maxBodyBytes + EXTRA_BYTES) {
      if (body === null) {
        body = new LargeBody();
        for (const part of current.frames) body.add(part);
        current.frames = [];
        large.set(current, body);
      }
      body.add(payload);
      skipped(payload.byteLength);
      frame.payload = NO_BYTES;
    }
    if (performative.more !== true) [bytes, body] = [0, null];
    onTransfer(frame, link);
    if (performative.more === true && Reflect.get(link, "_incomplete") === undefined) reject(unsupportedClient("rhea"));
  };
  return undefined;
}

const NO_BYTES = Buffer.alloc(0);

function take(
  host: ListenHost,
  config: Config,
  {
    encoded,
    large,
    delivery,
    receiver,
  }: {
    readonly encoded: Buffer;
    readonly large: WeakMap<object, LargeMessage>;
    readonly delivery: Delivery;
    readonly receiver: Receiver;
  },
): void {
  const accept = (): void => {
    delivery.accept();
    receiver.add_credit(1);
  };
  const found = large.get(delivery);
  const head = found === undefined ? encoded : Buffer.from(found.head);
  const place = { topic: config.address, reference: referenceOf(head, config) };
  const handed =
    found === undefined
      ? deliver(host, config.eventType, {
          place,
          body: encoded,
          read: () => messageOf(decode(encoded), config),
        })
      : host.quarantine(tooLargeToKeep(place, found, host.maxBodyBytes));
  handed.then(accept, () => undefined);
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

/** The client's functions to decode a message and to read one of its sections, which are missing in its types. */
const decode = rhea.message.decode as unknown as (encoded: Buffer) => Message;
const { Reader } = rhea.types as unknown as {
  readonly Reader: new (encoded: Buffer) => { readonly position: number; read(): unknown };
};

/** Text with which the message can be found: the ID in its properties, which precede the body. */
function referenceOf(encoded: Buffer, { address }: Config): string {
  const id = idText(propertiesOf(encoded)?.message_id);
  return id === "" ? `address ${address}` : `address ${address}, message ID ${id.slice(0, 200)}`;
}

/** Decodes the sections of a message that are complete; `null`: none can be decoded. */
function propertiesOf(encoded: Buffer): Message | null {
  try {
    const reader = new Reader(encoded);
    // A truncated binary value ends after the buffer.
    while (reader.position < encoded.byteLength) {
      reader.read();
      if (reader.position > encoded.byteLength) break;
      const sections = decode(encoded.subarray(0, reader.position));
      if (sections.message_id !== undefined) return sections;
    }
  } catch {
    // It is truncated, or not a message.
  }
  return null;
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
