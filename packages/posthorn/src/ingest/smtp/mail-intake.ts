/** Receives emails for `email` sources: finds the source of an address, stores the email, and chooses the reply. Knows no SMTP library. */
import { createHash } from "node:crypto";
import { MAIL_SOURCE } from "../../sources/kinds.ts";
import type { ParseJob, ParseResult, SourceEvent } from "../../sources/driver.ts";
import { isUnreadable, mailEvent, type MailConfig } from "../../sources/mail-event.ts";
import type { Services } from "../../domain/context.ts";
import type { Intake, Taken } from "../intake.ts";
import type { InboundLimits } from "../limits.ts";
import type { LiveSource } from "../live-source.ts";
import type { Quarantine } from "../quarantine.ts";
import type { SourceIndex } from "../source-index.ts";

export interface Reply {
  readonly code: number;
  /** Begins with the enhanced status code (RFC 3463). ASCII, one line. */
  readonly text: string;
}

/** An accepted recipient of an email. */
export interface Recipient {
  readonly source: LiveSource;
  /** As the sender wrote it, in lower case. */
  readonly address: string;
}

export interface ReceivedMail {
  readonly recipients: readonly Recipient[];
  /** Address of MAIL FROM; empty: the null sender of bounces. */
  readonly from: string;
  readonly peer: string;
  /** Name of the peer in EHLO. */
  readonly helo: string;
  readonly isEncrypted: boolean;
  readonly body: Uint8Array;
}

export interface MailIntakeOptions {
  readonly services: () => Services;
  readonly index: Pick<SourceIndex, "find">;
  readonly intake: Pick<Intake, "take">;
  readonly quarantine: Pick<Quarantine, "store">;
  readonly limits: InboundLimits;
  readonly parse: (source: LiveSource, job: ParseJob) => Promise<ParseResult>;
  /** Called for each stored email. Must not throw. */
  readonly onStored: (sourceKey: number, at: number) => void;
  readonly onFailure: (error: unknown) => void;
}

/** Emails that have passed through more servers are considered to be in a loop. Postfix has the same limit. */
const MAX_RECEIVED = 50;
const RECEIVED = Buffer.from("received:");

const UNKNOWN: Reply = { code: 550, text: "5.1.1 There is no such address here." };
const RELAY: Reply = { code: 550, text: "5.7.1 This server accepts emails for its own addresses only." };
const BUSY: Reply = { code: 451, text: "4.3.2 The server is busy. Try again later." };
const PAUSED: Reply = { code: 450, text: "4.2.1 This address is paused. Try again later." };
const LOOP: Reply = { code: 554, text: "5.4.6 The email has passed too many servers, which is a loop." };
export const TOO_LARGE: Reply = { code: 552, text: "5.3.4 The email is larger than this address accepts." };
export const NO_MEMORY: Reply = {
  code: 451,
  text: "4.3.1 The server has no memory for the email now. Try again later.",
};
const NOT_STORED: Reply = { code: 451, text: "4.3.0 The email could not be stored. Try again later." };

export class MailIntake {
  readonly limits: InboundLimits;
  readonly #options: MailIntakeOptions;

  constructor(options: MailIntakeOptions) {
    this.#options = options;
    this.limits = options.limits;
  }

  /** Decides whether an address of RCPT TO is accepted. Never rejects. */
  async recipient(address: string, peer: string): Promise<Recipient | Reply> {
    const { index, limits, services, onFailure } = this.#options;
    const { mailDomain } = services().rules;
    const at = address.lastIndexOf("@");
    if (at === -1 || address.slice(at + 1).toLowerCase() !== mailDomain) return RELAY;
    const [token = ""] = address.slice(0, at).toLowerCase().split("+", 1);
    let source: LiveSource | null | "busy";
    try {
      source = await index.find(token);
    } catch (error) {
      onFailure(error);
      return BUSY;
    }
    if (source === "busy") return BUSY;
    if (source === null || source.settings.kind !== MAIL_SOURCE) return UNKNOWN;
    if (source.isPaused) return PAUSED;
    if (!source.admits(peer)) return { code: 550, text: "5.7.1 This address accepts no emails from your IP address." };
    if (services().backlog.isFullFor(source.key)) return BUSY;
    if (limits.waitOf(source.key, source.settings.rateLimit) > 0) {
      return {
        code: 451,
        text: "4.7.1 This address receives more emails than its rate limit allows. Try again later.",
      };
    }
    return { source, address: address.toLowerCase() };
  }

  /** Largest email that all recipients accept, in bytes. */
  maxBytes(recipients: readonly Recipient[]): number {
    const own = recipients.map(({ source }) => configOf(source).maxKib * 1024);
    return Math.min(...own, this.#options.services().rules.maxInboundBytes);
  }

  /**
   * Stores an email for each of its recipients. Never rejects. A reply of 250 means that it is stored for all of them. After any other reply
   * the sender tries again, and emails that are already stored are recognised.
   */
  async receive(mail: ReceivedMail): Promise<Reply> {
    if (countReceived(mail.body) > MAX_RECEIVED) return LOOP;
    try {
      const replies = await Promise.all(mail.recipients.map((recipient) => this.#store(mail, recipient)));
      const failed = replies.filter(({ code }) => code !== 250);
      // A permanent refusal would end the attempts for recipients that could accept the email later.
      return failed.find(({ code }) => code < 500) ?? failed[0] ?? replies[0]!;
    } catch (error) {
      this.#options.onFailure(error);
      return NOT_STORED;
    }
  }

  async #store(mail: ReceivedMail, { source, address }: Recipient): Promise<Reply> {
    const { intake, parse, services, quarantine, onStored } = this.#options;
    const { from, peer, helo, isEncrypted, body } = mail;
    const now = services().now();
    const facts = { from: from === "" ? null : from, to: address, peer, helo, isEncrypted };
    const event = await mailEvent(
      body,
      configOf(source),
      {
        id: idOf(mail, address),
        member: "envelope",
        facts,
        headers: ["x-envelope-from", from, "x-envelope-to", address, "x-peer-address", peer],
        occurredAt: now,
      },
      (job) => parse(source, job),
    );
    if (isUnreadable(event)) {
      const { reason, detail, contentType } = event;
      const headers = ["content-type", contentType, "x-envelope-from", from, "x-envelope-to", address];
      await quarantine.store(source, { reason, detail, body, request: requestOf(source, peer, headers) });
      return { code: 250, text: "2.6.0 The email is stored, but it cannot be read: it is in quarantine." };
    }
    const taken = await this.#take(intake, source, event, peer);
    if (taken.kind === "stored") onStored(source.key, now);
    return replyTo(taken);
  }

  #take(intake: Pick<Intake, "take">, source: LiveSource, event: SourceEvent, peer: string): Promise<Taken> {
    const { provider, scheme } = originOf(source);
    const request = { method: "POST", path: "", query: "", address: peer };
    return intake.take(source, { ...event, trust: "none", origin: { kind: "read", provider, scheme, request } });
  }
}

function replyTo(taken: Taken): Reply {
  switch (taken.kind) {
    case "stored":
      return { code: 250, text: `2.6.0 Stored as ${taken.publicId}` };
    case "duplicate":
      return { code: 250, text: "2.6.0 This mail was stored before." };
    case "gone":
      return UNKNOWN;
    case "busy":
      return { code: 451, text: "4.7.1 This address has received its daily quota of emails. Try again tomorrow." };
  }
}

function configOf({ settings }: LiveSource): MailConfig {
  return settings.kindConfig as unknown as MailConfig;
}

/**
 * Stays the same when a server repeats an email because the reply was lost: it sends the same bytes again. `Message-ID`
 * is chosen by the sender, and two emails may share it.
 */
function idOf({ from, body }: ReceivedMail, address: string): string {
  return `mail/${createHash("sha256").update(`${from}\n${address}\n`).update(body).digest("base64url")}`;
}

function originOf({ definition }: LiveSource) {
  return { provider: definition.id, scheme: definition.id };
}

function requestOf(source: LiveSource, address: string, headers: readonly string[]) {
  const origin = { ...originOf(source), trust: "none" as const, deliveryId: null, occurredAt: null };
  return { method: "POST", path: "", query: "", address, headers, origin };
}

/** `Received` headers. Each server that an email passes adds one. */
function countReceived(body: Uint8Array): number {
  let count = 0;
  let from = 0;
  for (;;) {
    const end = body.indexOf(10, from);
    const line = body.subarray(from, end === -1 ? body.byteLength : end);
    if (line.byteLength <= 1) return count;
    if (isReceived(line)) count++;
    if (end === -1) return count;
    from = end + 1;
  }
}

function isReceived(line: Uint8Array): boolean {
  if (line.byteLength < RECEIVED.byteLength) return false;
  return RECEIVED.every((letter, index) => (line[index]! | 32) === letter);
}
