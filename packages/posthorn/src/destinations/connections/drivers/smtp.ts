import { isUtf8 } from "node:buffer";
import { once } from "node:events";
import { domainToASCII } from "node:url";
import { connect, type Socket } from "node:net";
import { createTransport } from "nodemailer";
import type { SMTPPoolOptions } from "nodemailer/lib/smtp-pool";
import { mailHtml } from "../../chat/mail-card.ts";
import { NO_TEMPLATES, renderCard } from "../../chat/render.ts";
import type { SMTP } from "../../kinds/smtp.ts";
import type { ConfigOf, ItemResult, KindMessage } from "../../kind.ts";
import { closed, type Driver, type FailedResult, later, type Link, quoted, refused, retry } from "../driver.ts";
import { causesOf, tlsFailure } from "../failure.ts";
import { tlsOptions } from "../tls.ts";

type Config = ConfigOf<typeof SMTP.fields>;

const CONNECTIONS = 2;
const SOCKET_MS = 120_000;
const BUSY_MS = 60_000;
/** Headers of the message that become headers of the mail. Others could change its recipients or its meaning. */
const MAIL_HEADER = /^(?:(?:webhook|svix|x)-[a-z0-9-]+|list-unsubscribe-post)$/i;

export const smtpDriver: Driver = {
  open: (config, { signal }) => {
    const link = new SmtpLink(config as Config);
    signal.addEventListener("abort", () => link.close(), { once: true });
    return Promise.resolve(link);
  },
  failure: smtpFailure,
};

class SmtpLink implements Link {
  readonly #config: Config;
  readonly #sockets = new Set<Socket>();
  readonly #transport;

  constructor(config: Config) {
    this.#config = config;
    const { host, port, security, username, password } = config;
    const options: SMTPPoolOptions & { pool: true } = {
      pool: true,
      maxConnections: CONNECTIONS,
      maxRequeues: 0,
      host,
      port,
      secure: security === "tls",
      requireTLS: security === "starttls",
      ignoreTLS: security === "none",
      tls: tlsOptions(config, host),
      ...(username === null ? {} : { auth: { user: username, pass: password ?? "" } }),
      socketTimeout: SOCKET_MS,
      // The client would resolve the name itself, which the address rules do not see.
      getSocket: (_options, done) => void this.#dial(done),
      // A message is data only: it never names a file or a URL to attach.
      disableFileAccess: true,
      disableUrlAccess: true,
    };
    this.#transport = createTransport(options);
  }

  async send(message: KindMessage): Promise<ItemResult> {
    const { from, to, subject, html, unsubscribe } = this.#config;
    const { id, body, contentType, createdAt, attributes } = message;
    const domain = from.slice(from.lastIndexOf("@") + 1);
    const content = Buffer.from(body);
    const isText = isUtf8(content);
    const sent = await this.#transport.sendMail({
      // The same in every attempt, so that mail servers can recognise repetitions.
      messageId: `<${id}@${domainToASCII(domain) || domain}>`,
      date: new Date(createdAt),
      from,
      to: to.split(/, ?/),
      subject: subjectOf(subject, message),
      headers: {
        ...Object.fromEntries(attributes.filter(([name]) => MAIL_HEADER.test(name))),
        // No replies of vacation responders (RFC 3834).
        "Auto-Submitted": "auto-generated",
      },
      ...(unsubscribe === null ? {} : { list: { unsubscribe } }),
      ...(html ? { html: mailHtml(renderCard(message, NO_TEMPLATES).card) } : {}),
      text: isText ? content.toString() : "The payload is attached, because it is not text.",
      ...(isText ? {} : { attachments: [{ filename: "payload", content, contentType }] }),
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    const { rejected } = sent;
    // Another attempt would send it again to those who have it.
    const reference =
      rejected.length === 0 ? sent.messageId : `${sent.messageId}, refused for ${rejected.length} recipients`;
    return { kind: "ok", reference };
  }

  close(): void {
    this.#transport.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #dial(done: (error: Error | null, socket?: { readonly connection: Socket }) => void): Promise<void> {
    const { host, port } = this.#config;
    const socket = connect({ host: host.replace(/^\[|\]$/g, ""), port });
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    try {
      await once(socket, "connect");
      done(null, { connection: socket });
    } catch (error) {
      done(error as Error);
    }
  }
}

function subjectOf(template: string, { eventType, eventId, id }: KindMessage): string {
  const values: Readonly<Record<string, string>> = { eventType, eventId: eventId ?? "", messageId: id };
  return template.replaceAll(/\{\{ ?(\w+) ?\}\}/g, (all, name: string) =>
    Object.hasOwn(values, name) ? values[name]! : all,
  );
}

interface SmtpError extends Error {
  readonly code?: string;
  readonly responseCode?: number;
  readonly response?: string;
  readonly command?: string;
}

function smtpFailure(error: unknown): FailedResult | null {
  const found = causesOf(error) as readonly SmtpError[];
  // The client replaces the code of a TLS error by its own.
  const tls = found.map(tlsFailure).find((result) => result !== null);
  if (tls !== undefined) return tls;
  const known = found.find(({ code, responseCode }) => responseCode !== undefined || code?.startsWith("E") === true);
  if (known === undefined) return null;
  const { code = "", responseCode = 0, command = "" } = known;
  const text = quoted(known.response ?? known.message);
  if (code === "EAUTH" || responseCode === 535 || responseCode === 530) {
    if (responseCode >= 400 && responseCode < 500)
      return later(
        "target_unavailable",
        `The mail server cannot check the credentials at the moment: ${text}.`,
        BUSY_MS,
      );
    return closed(
      "credentials_refused",
      `The mail server refused the credentials: ${text}. Check user name and password.`,
    );
  }
  if (code === "ETLS")
    return retry(
      "connection_failed",
      `The TLS connection to the mail server failed: ${text}. Check the encryption setting and the certificate of the server.`,
    );
  if (responseCode === 421) return later("target_unavailable", `The mail server is not available: ${text}.`, BUSY_MS);
  if (responseCode === 552 || responseCode === 523 || /message (?:size|too)/i.test(text)) {
    return refused("message_too_large", `The mail server refused the size of the message: ${text}.`);
  }
  if (responseCode >= 400 && responseCode < 500)
    return retry("target_unavailable", `The mail server could not accept the mail: ${text}.`);
  if (responseCode >= 500) {
    if (command === "DATA") return refused("message_invalid", `The mail server refused the content: ${text}.`);
    const who = command === "MAIL FROM" ? "sender" : "recipient";
    return closed("target_not_found", `The mail server refused the ${who}: ${text}. Check the addresses.`);
  }
  return null;
}
