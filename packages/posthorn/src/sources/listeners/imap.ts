/**
 * Reads a mailbox in the order of its UIDs. The cursor is the last UID that was stored, together with the UIDVALIDITY under which it is valid.
 * Emails are handed over as they are; they are parsed in the main thread's pool.
 */
import { type FetchMessageObject, ImapFlow } from "imapflow";
import { closed, quoted, refused, retry, type FailedResult } from "../../destinations/connections/driver.ts";
import { causesOf } from "../../destinations/connections/failure.ts";
import { tlsOptions } from "../../destinations/connections/tls.ts";
import type { ConfigOf } from "../kind.ts";
import { type IMAP, mailId } from "../kinds/imap.ts";
import type { Cursor } from "../source-event.ts";
import { listenFailure } from "./failure.ts";
import { type Listener, ListenError, type ListenHost } from "./listener.ts";

type Config = ConfigOf<(typeof IMAP)["fields"]>;

interface Position {
  readonly uidValidity: string;
  /** Everything up to this UID is stored. */
  readonly uid: number;
  /** When the newest of these emails arrived, in Unix milliseconds. */
  readonly at: number;
  /** Earlier emails are not read, because they already were, under their former UIDs. 0: all emails are read. */
  readonly since: number;
}

/** Number of emails whose sizes are requested at once. */
const CHUNK = 50;
const CONNECT_MS = 20_000;
/** Bytes of an email that is too large, for its headers. */
const HEAD_BYTES = 32 * 1024;
/** Room for the rest of a response with a mail. */
const RESPONSE_BYTES = 64 * 1024;
const RESPONSE_TOKENS = 100_000;

export const imapListener: Listener = {
  listen: async (host) => {
    const config = host.config as Config;
    const client = new ImapFlow(optionsOf(config, mostBytes(host, config)));
    const closing = Promise.withResolvers<never>();
    let cause: unknown = null;
    client.on("error", (error: unknown) => (cause = error));
    client.once("close", () => closing.reject(cause ?? new Error("The server closed the connection.")));
    closing.promise.catch(() => undefined);
    const abort = (): void => client.close();
    host.signal.addEventListener("abort", abort, { once: true });
    try {
      await Promise.race([client.connect(), closing.promise]);
      await Promise.race([new MailboxReader(host, config, client).run(), closing.promise]);
    } catch (error) {
      if (!host.signal.aborted) throw error;
    } finally {
      host.signal.removeEventListener("abort", abort);
      client.close();
    }
  },
  failure: (error) => {
    const result = imapFailure(error);
    return result === null ? null : listenFailure(result);
  },
};

function mostBytes({ maxBodyBytes }: ListenHost, { maxKib }: Config): number {
  return Math.min(maxBodyBytes, maxKib * 1024);
}

function optionsOf(config: Config, maxBytes: number): ConstructorParameters<typeof ImapFlow>[0] {
  const { host, port, security, username, password, accessToken, everySeconds } = config;
  return {
    host: host.replace(/^\[|\]$/g, ""),
    port,
    secure: security === "tls",
    ...(security === "tls" ? {} : { doSTARTTLS: security === "starttls" }),
    auth: { user: username, ...(accessToken === null ? { pass: password ?? "" } : { accessToken }) },
    tls: tlsOptions(config, host),
    clientInfo: { name: "Posthorn" },
    logger: false,
    disableAutoIdle: true,
    // A few bytes could become many in memory.
    disableCompression: true,
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: (everySeconds + 120) * 1000,
    maxLiteralSize: maxBytes + RESPONSE_BYTES,
    maxResponseSize: maxBytes + 2 * RESPONSE_BYTES,
    maxResponseTokens: RESPONSE_TOKENS,
  };
}

class MailboxReader {
  readonly #host: ListenHost;
  readonly #config: Config;
  readonly #client: ImapFlow;
  readonly #maxBytes: number;

  constructor(host: ListenHost, config: Config, client: ImapFlow) {
    this.#host = host;
    this.#config = config;
    this.#client = client;
    this.#maxBytes = mostBytes(host, config);
  }

  /** Runs until the connection is closed. */
  async run(): Promise<never> {
    const client = this.#client;
    const { mailbox, markSeen } = this.#config;
    const opened = await client.mailboxOpen(mailbox, { readOnly: !markSeen });
    const uidValidity = String(opened.uidValidity);
    let position = await this.#start(uidValidity, opened.uidNext ?? 0);
    this.#host.connected();
    for (;;) {
      const news = this.#announced();
      position = await this.#readAfter(position);
      await this.#idle(news);
    }
  }

  /** Where to continue. */
  async #start(uidValidity: string, uidNext: number): Promise<Position> {
    const { cursor } = this.#host;
    if (cursor !== null && cursor["uidValidity"] === uidValidity) return cursor as unknown as Position;
    const isNew = cursor === null;
    const isBaseline = isNew && this.#config.start === "baseline";
    const lastUid = isBaseline ? await this.#lastUid(uidNext) : 0;
    // The server has renumbered the mailbox. Only emails that arrived since the last one are read.
    const at = isNew ? 0 : Number(cursor["at"] ?? 0);
    const position: Position = { uidValidity, uid: lastUid, at, since: at };
    if (isBaseline) await this.#host.save(position as unknown as Cursor);
    return position;
  }

  /** Some servers do not report the next UID. */
  async #lastUid(uidNext: number): Promise<number> {
    if (uidNext > 0) return uidNext - 1;
    const found = await this.#client.search({ all: true }, { uid: true });
    return (found === false ? [] : (found ?? [])).reduce((most, uid) => Math.max(most, uid), 0);
  }

  async #readAfter(from: Position): Promise<Position> {
    const client = this.#client;
    const searched = await client.search({ uid: `${from.uid + 1}:*` }, { uid: true });
    // The range always contains the last email, even if its UID is lower.
    const uids = (searched === false ? [] : (searched ?? []))
      .filter((uid) => uid > from.uid)
      .sort((one, other) => one - other);
    let position = from;
    for (let start = 0; start < uids.length; start += CHUNK) {
      position = await this.#readChunk(uids.slice(start, start + CHUNK), position);
    }
    return { ...position, since: 0 };
  }

  async #readChunk(uids: readonly number[], from: Position): Promise<Position> {
    const client = this.#client;
    const facts = new Map<number, FetchMessageObject>();
    for await (const message of client.fetch(
      uids.join(","),
      { uid: true, size: true, internalDate: true },
      { uid: true },
    )) {
      facts.set(message.uid, message);
    }
    const { uidValidity, since } = from;
    let position = from;
    let saved = Promise.resolve();
    const stored: number[] = [];
    for (const uid of uids) {
      if (this.#host.isFull) await this.#host.room();
      const message = facts.get(uid);
      const at = timeOf(message);
      // It was removed meanwhile, or was read under its earlier UID.
      if (message !== undefined && at >= since && (await this.#handOver(uid, message, uidValidity))) {
        stored.push(uid);
      }
      position = { uidValidity, uid, at: Math.max(position.at, at), since };
      saved = this.#host.save(position as unknown as Cursor);
      saved.catch(() => undefined);
    }
    await saved;
    if (this.#config.markSeen && stored.length > 0) {
      await client.messageFlagsAdd(stored.join(","), ["\\Seen"], { uid: true });
    }
    return position;
  }

  /** @returns Whether it is still there. */
  async #handOver(uid: number, message: FetchMessageObject, uidValidity: string): Promise<boolean> {
    const { size = 0 } = message;
    if (size > this.#maxBytes) return this.#tooLarge(uid, size);
    const fetched = await this.#client.fetchOne(
      String(uid),
      { uid: true, source: { start: 0, maxLength: this.#maxBytes + 1 } },
      { uid: true },
    );
    if (fetched === false || fetched.source === undefined) return false;
    const { source } = fetched;
    if (source.byteLength > this.#maxBytes) return this.#tooLarge(uid, source.byteLength);
    const at = timeOf(message);
    void this.#host.deliver({
      id: mailId(this.#config, uidValidity, uid),
      type: this.#config.eventType,
      body: source,
      contentType: "message/rfc822",
      occurredAt: at === 0 ? null : at,
      headers: ["x-imap-mailbox", this.#config.mailbox, "x-imap-uid", String(uid), "x-imap-uidvalidity", uidValidity],
    });
    return true;
  }

  /** Keeps its headers, so that it can be found in the mailbox. */
  async #tooLarge(uid: number, size: number): Promise<boolean> {
    const fetched = await this.#client.fetchOne(
      String(uid),
      { uid: true, source: { start: 0, maxLength: Math.min(HEAD_BYTES, this.#maxBytes) } },
      { uid: true },
    );
    if (fetched === false) return false;
    void this.#host.quarantine({
      reason: "too_large",
      detail: `The email with the UID ${uid} has ${size} bytes, and the source accepts up to ${this.#maxBytes}. Raise maxKib of the source or POSTHORN_MAX_INBOUND_BYTES. Only the beginning of the email is kept.`,
      body: fetched.source ?? new Uint8Array(0),
      contentType: "message/rfc822",
    });
    return true;
  }

  /** Resolves when the server announces a mail. */
  #announced(): Promise<void> {
    return new Promise((resolve) => void this.#client.once("exists", () => resolve()));
  }

  /** Waits for an email, or until the next check is due. The next command ends IDLE. */
  async #idle(news: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const time = new Promise<void>((resolve) => (timer = setTimeout(resolve, this.#config.everySeconds * 1000)));
    // Without IDLE the library sends NOOP from time to time. An error closes the connection.
    void this.#client.idle().catch(() => undefined);
    await Promise.race([news, time]);
    clearTimeout(timer);
  }
}

function timeOf(message: FetchMessageObject | undefined): number {
  const time = new Date(message?.internalDate ?? Number.NaN).getTime();
  return Number.isNaN(time) ? 0 : time;
}

interface ImapError {
  readonly code?: string;
  readonly authenticationFailed?: boolean;
  readonly tlsFailed?: boolean;
  readonly responseText?: string;
  readonly serverResponseCode?: string;
  readonly response?: unknown;
}

function imapFailure(error: unknown): FailedResult | null {
  for (const one of causesOf(error)) {
    if (one instanceof ListenError) return null;
    const { code = "", authenticationFailed, tlsFailed, responseText = "", serverResponseCode = "" } = one as ImapError;
    const said = responseText === "" ? "" : `: ${quoted(responseText)}`;
    if (authenticationFailed === true || serverResponseCode === "AUTHENTICATIONFAILED") {
      return closed(
        "credentials_refused",
        `The server refused the credentials${said}. Check user name and password, and whether the account needs an app password.`,
      );
    }
    if (
      serverResponseCode === "NONEXISTENT" ||
      serverResponseCode === "TRYCREATE" ||
      /(?:doesn't|does not|no such|unknown|not) .*(?:exist|mailbox)/i.test(responseText)
    ) {
      return closed("target_not_found", `The server has no such mailbox${said}. Check the name of the mailbox.`);
    }
    if (serverResponseCode === "UNAVAILABLE" || serverResponseCode === "INUSE") {
      return retry("target_unavailable", `The server is not available now${said}.`);
    }
    if (/^(?:LiteralTooLarge|ResponseTooLarge|LineTooLarge|TooManyTokens|ParserError|InvalidResponse)/.test(code)) {
      return retry("protocol_error", `The response of the server is too large, or is not IMAP (${code}).`);
    }
    if (tlsFailed === true && responseText === "" && !/^(?:E|ERR_|CERT_|DEPTH_|SELF_|UNABLE_)/.test(code)) {
      return refused(
        "connection_failed",
        "The server does not offer STARTTLS. Choose the encryption that it supports, usually tls with port 993.",
      );
    }
    if (
      code === "CONNECT_TIMEOUT" ||
      code === "GREETING_TIMEOUT" ||
      code === "UPGRADE_TIMEOUT" ||
      code === "ETIMEOUT"
    ) {
      return retry("timeout", "The server did not respond in time. Check host, port and encryption.");
    }
    if (responseText !== "") return retry("target_unavailable", `The server refused a command${said}.`);
  }
  return null;
}
