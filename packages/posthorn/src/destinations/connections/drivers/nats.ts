import { JetStreamApiError } from "@nats-io/jetstream";
import {
  type Authenticator,
  connect,
  createInbox,
  credsAuthenticator,
  headers as natsHeaders,
  type Msg,
  type MsgHdrs,
  nkeyAuthenticator,
  type NatsConnection,
  NoRespondersError,
  PermissionViolationError,
} from "@nats-io/transport-node";
import type { NATS } from "../../kinds/nats.ts";
import type { ConfigOf, KindMessage } from "../../kind.ts";
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
import { causesOf } from "../failure.ts";
import { hostAndPort, tlsOptions } from "../tls.ts";
import { publishFrame } from "./nats-frames.ts";

type Config = ConfigOf<typeof NATS.fields>;
/** What a connection needs. */
export type NatsConfig = Omit<Config, "subject">;

const CONNECT_MS = 10_000;
const PING_MS = 30_000;
const FULL_MS = 30_000;

export const natsDriver: Driver = {
  open: async (config, { signal, onDown }) => {
    const settings = config as Config;
    const connection = await firstConnection(settings);
    if (signal.aborted) await connection.close();
    void connection.closed().then((error) => onDown(error ?? undefined));
    return new NatsLink(connection, settings.subject);
  },
  failure: natsFailure,
};

/** Tries the servers one after the other. The client would send the same server name to all of them. */
export async function firstConnection(config: NatsConfig): Promise<NatsConnection> {
  let problem: unknown;
  for (const server of config.servers.split(/, ?/)) {
    try {
      return await connectTo(server, config);
    } catch (error) {
      problem = error;
    }
  }
  throw problem;
}

function connectTo(server: string, config: NatsConfig): Promise<NatsConnection> {
  return connect({
    name: "posthorn",
    servers: server,
    // Servers announce further addresses. Only those of the configuration are dialled.
    ignoreClusterUpdates: true,
    // The client would look up names itself, which the address rules do not see.
    resolve: false,
    reconnect: false,
    timeout: CONNECT_MS,
    pingInterval: PING_MS,
    maxPingOut: 2,
    noAsyncTraces: true,
    ...(config.tls ? { tls: tlsOf(config, server) } : { tls: null }),
    ...credentialsOf(config),
  });
}

function tlsOf(config: NatsConfig, server: string): object {
  const url = URL.parse(`tls://${server}`);
  const { ca, cert, key, servername } = tlsOptions(config, url === null ? null : hostAndPort(url, 4222).host);
  return {
    ...(servername === undefined ? {} : { servername }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

function credentialsOf({ username, password, token, nkeySeed, credentials }: NatsConfig): object {
  const by = (authenticator: Authenticator): object => ({ authenticator: readable(authenticator) });
  const encoder = new TextEncoder();
  if (credentials !== null) return by(credsAuthenticator(encoder.encode(credentials)));
  if (nkeySeed !== null) return by(nkeyAuthenticator(encoder.encode(nkeySeed)));
  if (token !== null) return { token };
  return username === null ? {} : { user: username, pass: password ?? "" };
}

/** The client reads seeds and credentials files when it signs. */
function readable(authenticator: Authenticator): Authenticator {
  return (nonce) => {
    try {
      return authenticator(nonce);
    } catch {
      // The message of the client may contain a part of them.
      const sentence =
        "The NKey seed or credentials file is invalid. Enter the complete seed, or the complete contents of the file.";
      throw new ResultError(closed("credentials_refused", sentence));
    }
  };
}

/**
 * Publishes with a subject for the acknowledgement, and matches acknowledgements by the last part of that subject. The client's own publishing
 * creates a timer, promises and error objects with stack traces for each message.
 */
class NatsLink implements Link {
  readonly #connection: NatsConnection;
  readonly #subject: string;
  readonly #inbox = createInbox();
  /** Messages that are not acknowledged yet, by the last part of the subject of their acknowledgement. */
  readonly #inFlight = new Map<string, Receipt>();
  /** Whether frames can be written past the client's `publish`, which refuses other subjects. */
  readonly #writesFrames: boolean;
  /** Whether the acknowledgements are subscribed to. */
  #isSubscribed = false;
  #lastNumber = 0;

  constructor(connection: NatsConnection, subject: string) {
    this.#connection = connection;
    this.#subject = subject;
    this.#writesFrames = typeof protocolOf(connection)?.sendCommand === "function" && /^\S+$/.test(subject);
    void this.#watch();
    void connection.closed().then(() => this.#failAll(new Error("connection closed")));
  }

  send(message: KindMessage, receipt: Receipt): undefined {
    const { body } = message;
    const max = this.#connection.info?.max_payload;
    if (max !== undefined && body.byteLength > max) return receipt.settle(tooLarge(max)) as undefined;
    const number = String(++this.#lastNumber);
    this.#inFlight.set(number, receipt);
    try {
      this.#subscribe();
      this.#publish(message, `${this.#inbox}.${number}`);
    } catch (error) {
      this.#failOne(number, error);
    }
  }

  #publish(message: KindMessage, reply: string): void {
    const connection = this.#connection;
    // A server may announce another limit at any time.
    const { headers = false, max_payload: maxBytes = 0 } = connection.info ?? {};
    // A connection that is closed throws the error of the client.
    const isLeftToClient = !this.#writesFrames || !headers || connection.isClosed();
    const frame = isLeftToClient ? null : publishFrame(message, this.#subject, reply, maxBytes);
    if (frame === null) connection.publish(this.#subject, message.body, { headers: headersOf(message), reply });
    else protocolOf(connection)!.sendCommand(frame);
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  #subscribe(): void {
    if (this.#isSubscribed) return;
    this.#isSubscribed = true;
    this.#connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => this.#acknowledged(error, message),
    });
  }

  /** @param error The server does not permit the subscription. */
  #acknowledged(error: Error | null, message: Msg): void {
    if (error !== null) {
      this.#isSubscribed = false;
      return this.#failAll(error);
    }
    const number = message.subject.slice(this.#inbox.length + 1);
    try {
      const { reference, isDuplicate } = acknowledgementOf(message, this.#subject);
      const receipt = this.#inFlight.get(number);
      this.#inFlight.delete(number);
      receipt?.settle(isDuplicate ? { kind: "ok", reference, isDuplicate } : { kind: "ok", reference });
    } catch (failure) {
      this.#failOne(number, failure);
    }
  }

  /** The server names only the subject of a message that it does not permit. */
  async #watch(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type !== "error" || !(status.error instanceof PermissionViolationError)) continue;
      const { operation, subject } = status.error;
      const [number] = this.#inFlight.keys();
      if (operation === "publish" && subject === this.#subject && number !== undefined)
        this.#failOne(number, status.error);
    }
  }

  #failOne(number: string, error: unknown): void {
    const receipt = this.#inFlight.get(number);
    this.#inFlight.delete(number);
    // After a reply of the server, the connection can still be used.
    const result = this.#connection.isClosed() ? null : natsFailure(error);
    if (result === null) receipt?.fail(error);
    else receipt?.settle(result);
  }

  #failAll(error: unknown): void {
    for (const number of this.#inFlight.keys()) this.#failOne(number, error);
  }
}

/** The client's own protocol, which collects the frames of a turn. It is not part of its interface, so another version may have none. */
function protocolOf(connection: NatsConnection): { sendCommand(frame: Uint8Array): void } | undefined {
  return (connection as unknown as { readonly protocol?: { sendCommand(frame: Uint8Array): void } }).protocol;
}

/** Headers of a message in the client's form. */
export function headersOf({ id, eventType, contentType, attributes }: KindMessage): MsgHdrs {
  const headers = natsHeaders();
  headers.set("Content-Type", contentType);
  headers.set("event-type", eventType);
  for (const [name, value] of attributes) headers.set(name, value);
  headers.set("Nats-Msg-Id", id);
  return headers;
}

interface Acknowledgement {
  readonly stream?: string;
  readonly seq?: number;
  readonly duplicate?: boolean;
  readonly error?: { readonly code: number; readonly err_code: number; readonly description: string };
}

/** Throws the reason why the message is not stored. */
function acknowledgementOf(
  message: Msg,
  subject: string,
): { readonly reference: string; readonly isDuplicate: boolean } {
  if (message.data.byteLength === 0 && message.headers?.code === 503) throw new NoRespondersError(subject);
  const { stream = "", seq, duplicate = false, error } = jsonOf(message.data);
  if (error !== undefined) throw new JetStreamApiError(error);
  if (stream === "") throw new Error("invalid ack response");
  return { reference: `${stream}/${seq}`, isDuplicate: duplicate };
}

/** As `Msg.json`, whose decoder takes longer for short texts. */
function jsonOf({ buffer, byteOffset, byteLength }: Uint8Array): Acknowledgement {
  return JSON.parse(Buffer.from(buffer, byteOffset, byteLength).toString()) as Acknowledgement;
}

function tooLarge(max: number): FailedResult {
  return refused(
    "message_too_large",
    `The message is larger than the server accepts (max_payload: ${max} bytes). Raise max_payload of the server.`,
  );
}

/** Error codes of JetStream: https://github.com/nats-io/nats-server/blob/main/server/errors.json */
const MAX_MESSAGES = 10_077;
const FULL: ReadonlySet<number> = new Set([10_023, 10_047, 10_028, 10_167, MAX_MESSAGES]);

export function natsFailure(error: unknown): FailedResult | null {
  const chain = causesOf(error);
  const text = quoted(chain.at(0)?.message ?? "");
  for (const one of chain) {
    switch (one.name) {
      case "AuthorizationError":
      case "UserAuthenticationExpiredError":
        return closed(
          "credentials_refused",
          `NATS refused the credentials: ${quoted(one.message)}. Check them, and whether the account still exists.`,
        );
      case "PermissionViolationError":
        return closed(
          "credentials_refused",
          `NATS refused access: ${quoted(one.message)}. Allow the user to publish to the subject and to subscribe to _INBOX.>.`,
        );
      case "NoRespondersError":
      case "JetStreamNotEnabled":
        return closed(
          "target_not_found",
          "No stream stores this subject (503 no responders). Create a stream whose subjects include it.",
        );
    }
    if (one.name === "JetStreamApiError" || "apiError" in one) return streamFailure(one);
    if (/max_payload|maximum payload/i.test(one.message)) {
      return refused("message_too_large", `The message is larger than the server accepts: ${text}.`);
    }
    if (/no responders/i.test(one.message)) {
      return closed(
        "target_not_found",
        "No stream stores this subject (503 no responders). Create a stream whose subjects include it.",
      );
    }
  }
  return null;
}

function streamFailure({ code = 0, message }: Error & { readonly code?: number }): FailedResult {
  const text = `${quoted(message)} (${code})`;
  if (code === 10_054)
    return refused(
      "message_too_large",
      `The message is larger than the stream accepts: ${text}. Raise max_msg_size of the stream.`,
    );
  if (FULL.has(code) || /maximum (?:messages|bytes)|insufficient|resources exceeded/i.test(message)) {
    return later(
      "target_unavailable",
      `The stream accepts no more messages: ${text}. Raise its limits, or let it discard old messages.`,
      FULL_MS,
    );
  }
  if (code === 10_059 || code === 10_039 || code === 10_076)
    return closed("target_not_found", `JetStream is not available for this subject: ${text}.`);
  return retry("target_unavailable", `The stream did not store the message: ${text}.`);
}
