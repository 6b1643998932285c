import { jetstream, type JetStreamClient } from "@nats-io/jetstream";
import {
  type Authenticator,
  connect,
  credsAuthenticator,
  headers as natsHeaders,
  nkeyAuthenticator,
  type NatsConnection,
} from "@nats-io/transport-node";
import type { NATS } from "../../kinds/nats.ts";
import type { ConfigOf, ItemResult, KindMessage } from "../../kind.ts";
import {
  closed,
  type Driver,
  type FailedResult,
  later,
  type Link,
  quoted,
  refused,
  ResultError,
  retry,
} from "../driver.ts";
import { causesOf } from "../failure.ts";
import { hostAndPort, tlsOptions } from "../tls.ts";

type Config = ConfigOf<typeof NATS.fields>;

const CONNECT_MS = 10_000;
const PING_MS = 30_000;
/** Longer than any attempt: the caller keeps the deadline. */
const PUBLISH_MS = 600_000;
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
async function firstConnection(config: Config): Promise<NatsConnection> {
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

function connectTo(server: string, config: Config): Promise<NatsConnection> {
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

function tlsOf(config: Config, server: string): object {
  const url = URL.parse(`tls://${server}`);
  const { ca, cert, key, servername } = tlsOptions(config, url === null ? null : hostAndPort(url, 4222).host);
  return {
    ...(servername === undefined ? {} : { servername }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

function credentialsOf({ username, password, token, nkeySeed, credentials }: Config): object {
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
        "The NKey seed or credentials file cannot be read. Enter the whole seed, or the whole content of the file.";
      throw new ResultError(closed("credentials_refused", sentence));
    }
  };
}

class NatsLink implements Link {
  readonly #connection: NatsConnection;
  readonly #client: JetStreamClient;
  readonly #subject: string;

  constructor(connection: NatsConnection, subject: string) {
    this.#connection = connection;
    this.#client = jetstream(connection, { timeout: PUBLISH_MS });
    this.#subject = subject;
  }

  async send({ id, eventType, contentType, attributes, body }: KindMessage): Promise<ItemResult> {
    const headers = natsHeaders();
    headers.set("Content-Type", contentType);
    headers.set("event-type", eventType);
    for (const [name, value] of attributes) headers.set(name, value);
    const max = this.#connection.info?.max_payload;
    if (max !== undefined && body.byteLength > max) return tooLarge(max);
    try {
      const ack = await this.#client.publish(this.#subject, body, {
        msgID: id,
        headers,
        timeout: PUBLISH_MS,
        retries: 0,
      });
      const reference = `${ack.stream}/${ack.seq}`;
      return ack.duplicate ? { kind: "ok", reference, isDuplicate: true } : { kind: "ok", reference };
    } catch (error) {
      const result = natsFailure(error);
      // After a reply of the server, the connection can still be used.
      if (result !== null && !this.#connection.isClosed()) return result;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
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

function natsFailure(error: unknown): FailedResult | null {
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
