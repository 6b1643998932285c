import { Redis } from "ioredis";
import type { REDIS } from "../../kinds/redis.ts";
import type { ConfigOf, ItemResult, KindMessage } from "../../kind.ts";
import {
  type BatchReceipt,
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
import { hostAndPort, type TlsFields, tlsOptions } from "../tls.ts";

type Config = ConfigOf<typeof REDIS.fields>;

const BUSY_MS = 10_000;
/** Redis accepts values of this size with any configuration: `proto-max-bulk-len` cannot be less. */
const ALWAYS_ACCEPTED_BYTES = 1_048_576;

export const redisDriver: Driver = {
  open: async (config, host) => {
    const client = await connectRedis(config as Config, host);
    return new RedisLink(client, config as Config, host.signal);
  },
  failure: redisFailure,
};

/** @param config With URL, credentials and the TLS fields. */
export async function connectRedis(
  config: TlsFields & Pick<Config, "url" | "username" | "password">,
  { signal, onDown }: LinkHost,
): Promise<Redis> {
  const { url: text, username, password, ...settings } = config;
  const url = new URL(text);
  const { host, port } = hostAndPort(url, 6379);
  const client = new Redis({
    host,
    port,
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
    ...(url.protocol === "rediss:" ? { tls: tlsOptions(settings, host) } : {}),
    protocol: 2,
    lazyConnect: true,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // The next message opens another connection.
    retryStrategy: null,
    disableClientInfo: true,
  });
  let last: Error = new Error("Redis closed the connection");
  client.on("error", (error: Error) => {
    last = error;
  });
  client.on("end", () => onDown());
  signal.addEventListener("abort", () => client.disconnect(), { once: true });
  const database = Number(url.pathname.slice(1) || 0);
  try {
    await client.connect();
    // The client ignores an error when it selects the database itself, and would write to another one.
    if (database !== 0) await client.select(database);
    // Wrong credentials fail here, and not with the first message. An ACL user may lack the permission for PING.
    await client.ping();
  } catch (error) {
    const isPermission = error instanceof Error && /^NOPERM.*ping/i.test(error.message);
    if (!isPermission) {
      client.disconnect();
      throw error instanceof Error && error.message === "Connection is closed." ? last : error;
    }
  }
  return client;
}

/**
 * Redis closes the connection of a client that sends a value above its limit, and discards everything behind it.
 * Messages that may be above it have a separate connection, so that no other message is lost with them.
 */
class RedisLink implements Link {
  readonly #client: Redis;
  readonly #config: Config;
  readonly #signal: AbortSignal;
  /** Connection for large messages; `null`: none has been sent since it was closed. */
  #large: Promise<Redis> | null = null;

  constructor(client: Redis, config: Config, signal: AbortSignal) {
    this.#client = client;
    this.#config = config;
    this.#signal = signal;
  }

  async send(message: KindMessage): Promise<ItemResult> {
    return this.#add(isLarge(message) ? await this.#largeClient() : this.#client, message);
  }

  /** In the order of the batch: a large message waits for those before it, and those behind it wait for it. */
  sendAll(messages: readonly KindMessage[], receipt: BatchReceipt): undefined {
    if (!messages.some(isLarge)) for (const index of messages.keys()) void this.#settle(messages, index, receipt);
    else void this.#sendInParts(messages, receipt);
  }

  async #sendInParts(messages: readonly KindMessage[], receipt: BatchReceipt): Promise<void> {
    let sent: Promise<void>[] = [];
    for (const [index, message] of messages.entries()) {
      if (!isLarge(message)) {
        sent.push(this.#settle(messages, index, receipt));
        continue;
      }
      await Promise.all(sent);
      sent = [];
      await this.#settle(messages, index, receipt);
    }
  }

  async #settle(messages: readonly KindMessage[], index: number, receipt: BatchReceipt): Promise<void> {
    if (!receipt.isWaiting) return;
    try {
      receipt.settle(index, await this.send(messages[index]!));
    } catch (error) {
      receipt.fail(index, error);
    }
  }

  #largeClient(): Promise<Redis> {
    if (this.#large !== null) return this.#large;
    const opening = connectRedis(this.#config, {
      signal: this.#signal,
      onDown: () => {
        if (this.#large === opening) this.#large = null;
      },
    });
    opening.catch(() => {
      if (this.#large === opening) this.#large = null;
    });
    this.#large = opening;
    return opening;
  }

  async #add(
    client: Redis,
    { id, eventType, eventId, contentType, createdAt, attributes, body }: KindMessage,
  ): Promise<ItemResult> {
    const { stream, maxLength } = this.#config;
    const trim = maxLength === null ? [] : ["MAXLEN", "~", maxLength];
    const fields = [
      "id",
      id,
      "type",
      eventType,
      ...(eventId === null ? [] : ["event-id", eventId]),
      "content-type",
      contentType,
      "created-at",
      new Date(createdAt).toISOString(),
      "headers",
      JSON.stringify(Object.fromEntries(attributes)),
      "payload",
      Buffer.from(body),
    ];
    try {
      const reference = (await client.call("XADD", [stream, ...trim, "*", ...fields])) as string;
      return { kind: "ok", reference };
    } catch (error) {
      const reply = error instanceof Error && error.name === "ReplyError" ? redisFailure(error) : null;
      // The connection stays usable after an error reply.
      if (reply !== null) return reply;
      throw error;
    }
  }

  close(): void {
    this.#client.disconnect();
    this.#large?.then(
      (client) => client.disconnect(),
      () => undefined,
    );
  }
}

function isLarge({ body }: KindMessage): boolean {
  return body.byteLength > ALWAYS_ACCEPTED_BYTES;
}

const READ_ONLY = "Redis cannot write at the moment";

export function redisFailure(error: unknown): FailedResult | null {
  if (!(error instanceof Error)) return null;
  const text = quoted(error.message);
  const [word = ""] = text.split(" ", 1);
  switch (word) {
    case "OOM":
      return later(
        "target_unavailable",
        `Redis is out of memory: ${text}. Raise maxmemory, or set a maximum length for the stream.`,
        BUSY_MS,
      );
    case "LOADING":
    case "BUSY":
    case "TRYAGAIN":
    case "CLUSTERDOWN":
    case "MASTERDOWN":
    case "NOREPLICAS":
    case "MISCONF":
      return later("target_unavailable", `${READ_ONLY}: ${text}.`, BUSY_MS);
    case "READONLY":
      return retry(
        "target_unavailable",
        `${READ_ONLY}, because it is a replica: ${text}. Enter the address of the primary.`,
      );
    case "NOAUTH":
    case "WRONGPASS":
      return closed("credentials_refused", `Redis refused the credentials: ${text}. Check user name and password.`);
    case "NOPERM":
      return closed("credentials_refused", `Redis refused access: ${text}. Allow the user to run XADD on the stream.`);
    case "WRONGTYPE":
      return closed("target_not_found", `The key exists and is not a stream: ${text}. Enter another key.`);
    case "MOVED":
    case "ASK":
      return closed(
        "target_not_found",
        `The server is a node of a cluster that does not have this key: ${text}. Enter the address of the node that has it.`,
      );
    case "ERR":
      if (/invalid password|without any password|AUTH/i.test(text)) {
        return closed("credentials_refused", `Redis refused the credentials: ${text}. Check user name and password.`);
      }
      if (/DB index/i.test(text))
        return closed("target_not_found", `The database does not exist: ${text}. Check the number in the URL.`);
      if (/invalid bulk length|exceeds maximum allowed size/i.test(text)) {
        return refused(
          "message_too_large",
          `The message is larger than Redis accepts: ${text}. Raise proto-max-bulk-len of the server.`,
        );
      }
      return refused("message_invalid", `Redis refused the message: ${text}.`);
    default:
      return null;
  }
}
