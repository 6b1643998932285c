/** Builds the event of an email, however it arrived. */
import type { ParseJob, ParseResult, SourceEvent, Unreadable } from "./driver.ts";
import type { Mail } from "./parse/mail.ts";

export interface MailConfig {
  readonly format: "json" | "raw";
  readonly attachmentKib: number;
  readonly maxKib: number;
  readonly eventType: string;
}

export interface MailOrigin {
  /** ID of the event. */
  readonly id: string;
  /** Member of the JSON that describes how the email arrived, such as `envelope`. */
  readonly member: string;
  readonly facts: object;
  /** The same for filters and the raw format, as alternating header names and values. */
  readonly headers: readonly string[];
  /** When it arrived, if there is a better source than its `Date` header. */
  readonly occurredAt: number | null;
}

/** Rejects if the email could not be parsed now, but may be later. */
export async function mailEvent(
  raw: Uint8Array,
  { format, attachmentKib, eventType }: MailConfig,
  { id, member, facts, headers, occurredAt }: MailOrigin,
  parse: (job: ParseJob) => Promise<ParseResult>,
): Promise<SourceEvent | Unreadable> {
  const event = (contentType: string, body: Uint8Array, at: number | null): SourceEvent => ({
    id,
    type: eventType,
    body,
    contentType,
    occurredAt: occurredAt ?? at,
    headers: ["content-type", contentType, ...headers.map(headerText)],
  });
  if (format === "raw") return event(MAIL_TYPE, raw, null);
  const parsed = await parse({ kind: "mail", body: raw, attachmentBytes: attachmentKib * 1024 });
  if (parsed.kind === "unreadable") return unreadableMail(raw, parsed.detail);
  const { json, sentAt } = parsed.value as Mail;
  return event(
    "application/json",
    Buffer.from(`{${JSON.stringify(member)}:${JSON.stringify(facts)},"mail":${json}}`),
    sentAt,
  );
}

export function isUnreadable(result: SourceEvent | Unreadable): result is Unreadable {
  return "reason" in result;
}

export function unreadableMail(body: Uint8Array, detail: string): Unreadable {
  return { reason: "mail_unreadable", detail: `The email cannot be read: ${detail}`, body, contentType: MAIL_TYPE };
}

const MAIL_TYPE = "message/rfc822";

/** Addresses are untrusted, and become headers of requests. */
function headerText(text: string): string {
  return text.replace(/[^\x20-\x7E]/g, "?").slice(0, 1024);
}
