/** Sends emails to users through the driver of the destination kind `smtp`, with the operator's mail server. */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { parseAllowList } from "@posthorn/egress";
import type { Config } from "../config/config.ts";
import { parseMailAddress, type MailServer } from "../config/mail.ts";
import { Connector, type ConnectorResult } from "../destinations/connections/connector.ts";
import { missingOf } from "../destinations/connections/installed.ts";
import { vetWith } from "../destinations/connections/vet.ts";
import type { DestinationErrorCode, ItemResult, KindConfig } from "../destinations/kind.ts";
import { SMTP } from "../destinations/kinds/smtp.ts";
import type { Mail, Mailer, MailResult } from "../domain/mail/mailer.ts";
import { PosthornError } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import { egressOf } from "./parts.ts";

/** How long the mail server may take to accept an email. */
const TIMEOUT_MS = 20_000;
/** Delays before the attempts to send an email in the background. */
const ATTEMPTS_AFTER_MS = [0, 5000, 30_000];
/** Mail programs unsubscribe with a POST of this text (RFC 8058, which requires https). */
const ONE_CLICK = ["List-Unsubscribe-Post", "List-Unsubscribe=One-Click"] as const;
/** Key of no application. */
const TENANT = 0;

export interface ConnectorMailerOptions {
  readonly server: MailServer;
  readonly from: string;
  readonly connector: Pick<Connector, "send">;
  readonly now: () => number;
  readonly log: Pick<Logger, "warn" | "error">;
}

export interface MailerParts {
  readonly config: Config;
  readonly now: () => number;
  readonly log: Logger;
}

/**
 * The mailer has its own connector with different address rules, because the operator chose the server, which is often at a private address.
 * Its thread starts with the first email.
 *
 * @returns `null`: the operator has set up no mail server. Throws if the package that sends mail is not installed.
 */
export function mailerOf({ config, now, log }: MailerParts, stack: AsyncDisposableStack): ConnectorMailer | null {
  const { mailUrl: server, mailFrom: from } = config;
  if (server === null) return null;
  const missing = missingOf(SMTP.packages);
  if (missing.length > 0) {
    throw new PosthornError(
      "config_invalid",
      `POSTHORN_MAIL_URL needs a package that is not installed. Run "npm i ${missing.join(" ")}" where Posthorn is installed, and restart it.`,
    );
  }
  const allow = parseAllowList(`external,${server.host.replaceAll(/[[\]]/g, "")}`);
  const egress = stack.adopt(egressOf(config, { allow }), (client) => client.close());
  const connector = stack.use(
    new Connector({
      vet: vetWith(egress, () => [server.port]),
      isProxied: config.egressProxy !== "",
      onError: (error) => log.error({ err: error }, "the connector thread of emails ended; restarting it"),
    }),
  );
  return stack.use(new ConnectorMailer({ server, from, connector, now, log }));
}

export class ConnectorMailer implements Mailer, AsyncDisposable {
  readonly #options: ConnectorMailerOptions;
  readonly #abort = new AbortController();
  readonly #running = new Set<Promise<void>>();

  constructor(options: ConnectorMailerOptions) {
    this.#options = options;
  }

  async send(mail: Mail): Promise<MailResult> {
    const { log } = this.#options;
    const result = await this.#try(mail);
    // Logs neither the address nor the text, because the text contains links that grant access.
    if (!result.sent) log.warn({ reason: result.reason }, "an email to a user was not sent");
    return result;
  }

  sendLater(write: () => Promise<Mail | null>): void {
    const work = this.#sendPatiently(write).catch((error: unknown) => {
      if (!this.#abort.signal.aborted) this.#options.log.error({ err: error }, "an email to a user was not sent");
    });
    this.#running.add(work);
    void work.then(() => this.#running.delete(work));
  }

  /** Waits for emails that are being sent, and drops those that wait for another attempt. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await Promise.all(this.#running);
  }

  async #sendPatiently(write: () => Promise<Mail | null>): Promise<void> {
    const mail = await write();
    if (mail === null) return;
    for (const afterMs of ATTEMPTS_AFTER_MS) {
      if (afterMs > 0) await delay(afterMs, undefined, { signal: this.#abort.signal, ref: false });
      if ((await this.send(mail)).sent) return;
    }
  }

  async #try({ to, subject, text, unsubscribe }: Mail): Promise<MailResult> {
    const { server, from, connector, now } = this.#options;
    try {
      parseMailAddress(to);
    } catch {
      return { sent: false, reason: "The mail server cannot be given this email address.", concerns: "email" };
    }
    const config: KindConfig = {
      ...server,
      from,
      to,
      subject,
      html: false,
      unsubscribe: unsubscribe ?? null,
      ca: null,
    };
    const result = await connector.send({
      kind: "smtp",
      config,
      tenant: TENANT,
      allow: null,
      messages: [
        {
          id: `mail_${randomUUID()}`,
          eventType: "",
          eventId: null,
          orderingKey: null,
          channels: [],
          createdAt: now(),
          contentType: "text/plain; charset=utf-8",
          body: Buffer.from(text),
          attributes: unsubscribe?.startsWith("https://") === true ? [ONE_CLICK] : [],
          isTest: false,
        },
      ],
      timeoutMs: TIMEOUT_MS,
      signal: new AbortController().signal,
      maySend: () => true,
    });
    return resultOf(result, to);
  }
}

/** Codes that concern one email: servers refuse it with a temporary code if a mailbox is full, busy or greylisted. */
const OF_EMAILS: ReadonlySet<DestinationErrorCode> = new Set([
  "target_not_found",
  "target_unavailable",
  "message_too_large",
  "message_invalid",
]);

function ofServer(reason: string): MailResult {
  return { sent: false, reason, concerns: "server" };
}

function resultOf(result: ConnectorResult, to: string): MailResult {
  switch (result.kind) {
    case "items": {
      const item: ItemResult = result.results[0]!;
      if (item.kind === "ok") return { sent: true };
      const concerns = OF_EMAILS.has(item.code) && item.kind !== "later" ? "email" : "server";
      // Mail servers repeat the address that they refuse.
      return { sent: false, reason: item.sentence.replaceAll(to, "(address)"), concerns };
    }
    case "timeout":
      return ofServer(`The mail server did not accept the email within ${TIMEOUT_MS / 1000} s.`);
    case "canceled":
      return ofServer("The server is shutting down.");
    case "own_fault":
      return ofServer(`The connection to the mail server could not be made: ${result.detail}.`);
  }
}
