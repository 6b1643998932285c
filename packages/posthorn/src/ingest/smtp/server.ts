/** SMTP server of `email` sources, on the package `smtp-server`. It accepts emails for these sources only, and sends none. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type SMTPServerDataStream, type SMTPServerOptions, type SMTPServerSession, SMTPServer } from "smtp-server";
import type { InboundLimits } from "../limits.ts";
import { ByteCollector } from "../../lib/byte-collector.ts";
import { type MailIntake, NO_MEMORY, type Recipient, type Reply, TOO_LARGE } from "./mail-intake.ts";
import { PeerConnections } from "./peers.ts";

export interface SmtpServerOptions {
  readonly intake: Pick<MailIntake, "limits" | "maxBytes" | "receive" | "recipient">;
  readonly listen: { readonly host: string; readonly port: number };
  readonly domain: string;
  /** Certificate and key in PEM; `null`: no STARTTLS. */
  readonly tls: TlsFiles | null;
  /** Largest email that any source accepts. */
  readonly maxBytes: number;
  /** Current time in milliseconds, from any start. Default: a clock that is never set. */
  readonly now?: () => number;
}

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

const MAX_CONNECTIONS = 200;
const MAX_CONNECTIONS_PER_PEER = 20;
const MAX_RECIPIENTS = 50;
/** Recipients of one connection that may be refused. Addresses cannot be guessed, so it would only be noise. */
const MAX_REFUSALS = 20;
const IDLE_MS = 60_000;
/** Time for the content of one email. A peer that sends a byte now and then is never idle. */
const DATA_MS = 300_000;
/** Time from one email, or the connection, to the content of the next. */
const COMMANDS_MS = 300_000;
/** Interval at which both are checked. */
const CHECK_MS = 1000;
const CLOSE_MS = 3000;

const INCOMPLETE: Reply = { code: 451, text: "4.4.2 The connection ended before the email did." };

/** State of one connection, in addition to its session. */
interface Connection {
  readonly recipients: Map<string, Recipient>;
  refusals: number;
  /** When it is closed unless it makes progress. Infinite while an email is being stored. */
  deadline: number;
}

export class SmtpServer implements AsyncDisposable {
  readonly #options: SmtpServerOptions;
  readonly #server: SMTPServer;
  readonly #peers = new PeerConnections(MAX_CONNECTIONS_PER_PEER);
  readonly #connections = new Map<string, Connection>();
  /** Emails that are being stored. The server waits for them when it stops. */
  readonly #storing = new Set<Promise<unknown>>();
  readonly #now: () => number;
  readonly #check: NodeJS.Timeout;

  private constructor(options: SmtpServerOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#check = setInterval(() => this.#closeLate(), CHECK_MS).unref();
    this.#server = new SMTPServer(this.#libraryOptions());
    // Mostly connections reset by their peer.
    this.#server.on("error", () => undefined);
  }

  /** Rejects if it cannot listen. */
  static async start(options: SmtpServerOptions): Promise<SmtpServer> {
    const server = new SmtpServer(options);
    const { host, port } = options.listen;
    const listening = server.#server.listen(port, host);
    await once(listening, "listening");
    return server;
  }

  get port(): number {
    return (this.#server.server.address() as AddressInfo).port;
  }

  /** Uses another certificate for new connections. */
  renew({ cert, key }: TlsFiles): void {
    this.#server.updateSecureContext({ cert, key });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#check);
    const closed = Promise.withResolvers<void>();
    this.#server.close(closed.resolve);
    await closed.promise;
    await Promise.allSettled(this.#storing);
  }

  #libraryOptions(): SMTPServerOptions {
    const { domain, tls, maxBytes } = this.#options;
    return {
      name: domain,
      banner: "Posthorn",
      size: maxBytes,
      disabledCommands: tls === null ? ["AUTH", "STARTTLS"] : ["AUTH"],
      ...(tls === null ? {} : { ...tls, minVersion: "TLSv1.2" as const }),
      logger: false,
      disableReverseLookup: true,
      maxClients: MAX_CONNECTIONS,
      maxRecipients: MAX_RECIPIENTS,
      maxCommandLength: 2048,
      socketTimeout: IDLE_MS,
      closeTimeout: CLOSE_MS,
      onConnect: ({ id, remoteAddress }, done) => {
        if (!this.#peers.open(remoteAddress)) {
          return done(replyError({ code: 421, text: "4.7.0 You have too many connections." }));
        }
        this.#connections.set(id, { recipients: new Map(), refusals: 0, deadline: this.#now() + COMMANDS_MS });
        return done();
      },
      onClose: ({ id, remoteAddress }) => {
        if (this.#connections.delete(id)) this.#peers.close(remoteAddress);
      },
      onMailFrom: (_address, session, done) => {
        this.#connections.get(session.id)?.recipients.clear();
        done();
      },
      onRcptTo: ({ address }, session, done) => void this.#checkRecipient(address, session, done),
      onData: (stream, session, done) => {
        const storing = this.#reply(stream, session, done);
        this.#storing.add(storing);
        void storing.finally(() => this.#storing.delete(storing));
      },
    };
  }

  /** Closes connections that take too long: their number is limited, and others wait for a place. */
  #closeLate(): void {
    const now = this.#now();
    for (const connection of this.#server.connections) {
      const deadline = this.#connections.get(connection.id)?.deadline ?? Infinity;
      // The library closes the connection after this reply.
      if (deadline < now) connection.send(421, "4.4.2 You took too long. Try again later.", false);
    }
  }

  async #checkRecipient(
    address: string,
    session: SMTPServerSession,
    done: (error?: Error | null) => void,
  ): Promise<void> {
    done(await this.#recipient(address, session));
  }

  async #recipient(address: string, { id, remoteAddress }: SMTPServerSession): Promise<Error | null> {
    const connection = this.#connections.get(id);
    const result = await this.#options.intake.recipient(address, remoteAddress);
    if ("source" in result) {
      connection?.recipients.set(result.address, result);
      return null;
    }
    if (connection !== undefined && ++connection.refusals > MAX_REFUSALS) {
      return replyError({ code: 421, text: "4.7.0 Too many recipients were refused." });
    }
    return replyError(result);
  }

  /** Never rejects. */
  async #reply(
    stream: SMTPServerDataStream,
    session: SMTPServerSession,
    done: (error?: Error | null, text?: string) => void,
  ): Promise<void> {
    const connection = this.#connections.get(session.id);
    const setDeadline = (time: number): void => {
      if (connection !== undefined) connection.deadline = time;
    };
    setDeadline(this.#now() + DATA_MS);
    stream.once("end", () => setDeadline(Infinity));
    const { code, text } = await this.#data(stream, session);
    setDeadline(this.#now() + COMMANDS_MS);
    if (code === 250) done(null, text);
    else done(replyError({ code, text }));
  }

  /** Never rejects. */
  async #data(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<Reply> {
    const { intake } = this.#options;
    const { envelope, remoteAddress: peer, hostNameAppearsAs: helo, secure: isEncrypted } = session;
    const known = this.#connections.get(session.id)?.recipients;
    const recipients = envelope.rcptTo.flatMap(({ address }) => known?.get(address.toLowerCase()) ?? []);
    const [first] = recipients;
    if (first === undefined) {
      stream.resume();
      return { code: 503, text: "5.5.1 There is no recipient." };
    }
    const from = envelope.mailFrom === false ? "" : envelope.mailFrom.address;
    const memory = memoryOf(intake.limits, first.source.key);
    try {
      const body = await readMail(stream, intake.maxBytes(recipients), memory);
      if (!Buffer.isBuffer(body)) return body;
      return await intake.receive({ recipients, from, peer, helo, isEncrypted, body });
    } finally {
      memory.free();
    }
  }
}

/** Memory for the content of one email. */
interface Memory {
  /** Whether there is room for more. */
  take(bytes: number): boolean;
  free(): void;
}

/**
 * Reads the whole content. An email that is refused is read to its end without being kept, because SMTP has no earlier reply. If the connection
 * ends before, the reply is not sent.
 */
function readMail(stream: SMTPServerDataStream, most: number, memory: Memory): Promise<Buffer | Reply> {
  return new Promise((resolve) => {
    const content = new ByteCollector();
    let size = 0;
    let refusal: Reply | null = null;
    const refuse = (reply: Reply): void => {
      refusal ??= reply;
      content.clear();
      memory.free();
    };
    stream.on("data", (chunk: Buffer) => {
      size += chunk.byteLength;
      if (refusal !== null) return;
      if (size > most) refuse(TOO_LARGE);
      else if (memory.take(chunk.byteLength)) content.add(chunk);
      else refuse(NO_MEMORY);
    });
    stream.once("end", () => resolve(refusal ?? content.bytes()));
    stream.once("error", () => resolve(INCOMPLETE));
    stream.once("close", () => resolve(refusal ?? INCOMPLETE));
  });
}

function memoryOf(limits: InboundLimits, sourceKey: number): Memory {
  let held = 0;
  return {
    take: (bytes) => {
      const fits = limits.takeBytes(sourceKey, bytes);
      if (fits) held += bytes;
      return fits;
    },
    free: () => {
      limits.giveBytes(sourceKey, held);
      held = 0;
    },
  };
}

function replyError({ code, text }: Reply): Error {
  return Object.assign(new Error(text), { responseCode: code });
}
