/** An email (RFC 5322 with MIME) as JSON, with bounds on everything in it. */
import { createHash } from "node:crypto";
import PostalMime, { type Address, type Attachment, type Email, type Mailbox } from "postal-mime";

export interface MailJob {
  readonly body: Uint8Array;
  /** Contents of attachments are included up to this size together. */
  readonly attachmentBytes: number;
}

export interface Mail {
  /** `Message-ID` without angle brackets, as the sender chose it; `null`: none. */
  readonly messageId: string | null;
  /** `Date` header in Unix milliseconds; `null`: none that can be read. */
  readonly sentAt: number | null;
  readonly json: string;
}

/** Parts within parts. Deeper emails are refused as a whole. */
const MAX_DEPTH = 32;
/** Bytes of all headers in all parts. */
const MAX_HEADER_BYTES = 512 * 1024;
const MAX_HEADERS = 500;
const MAX_HEADER_LENGTH = 8192;
const MAX_ADDRESSES = 500;
const MAX_REFERENCES = 100;
const MAX_ATTACHMENTS = 100;
/** Characters of the text, and of the HTML. */
const MAX_TEXT_LENGTH = 1024 * 1024;

/** @throws {Error} If it is nested too deeply, or its headers are too large. */
export async function parseMail({ body, attachmentBytes }: MailJob): Promise<Mail> {
  const email = await new PostalMime({
    maxNestingDepth: MAX_DEPTH,
    maxHeadersSize: MAX_HEADER_BYTES,
    // A forwarded mail is an attachment. Its text must not be mistaken for that of the mail.
    forceRfc822Attachments: true,
  }).parse(body);
  const messageId = idOf(email.messageId);
  const sentAt = timeOf(email.date);
  return { messageId, sentAt, json: JSON.stringify(factsOf(email, { messageId, sentAt, body, attachmentBytes })) };
}

interface Known extends MailJob {
  readonly messageId: string | null;
  readonly sentAt: number | null;
}

function factsOf(email: Email, { messageId, sentAt, body, attachmentBytes }: Known) {
  return {
    messageId,
    inReplyTo: idOf(email.inReplyTo),
    references: (email.references?.match(/<[^<>]+>/g) ?? []).slice(-MAX_REFERENCES).map((text) => idOf(text)),
    date: sentAt === null ? null : new Date(sentAt).toISOString(),
    subject: email.subject?.slice(0, MAX_HEADER_LENGTH) ?? null,
    from: mailboxes(email.from === undefined ? [] : [email.from])[0] ?? null,
    sender: mailboxes(email.sender === undefined ? [] : [email.sender])[0] ?? null,
    replyTo: mailboxes(email.replyTo),
    to: mailboxes(email.to),
    cc: mailboxes(email.cc),
    bcc: mailboxes(email.bcc),
    text: email.text?.slice(0, MAX_TEXT_LENGTH) ?? null,
    html: email.html?.slice(0, MAX_TEXT_LENGTH) ?? null,
    isTruncated: (email.text?.length ?? 0) > MAX_TEXT_LENGTH || (email.html?.length ?? 0) > MAX_TEXT_LENGTH,
    headers: headersOf(email),
    attachments: attachmentsOf(email.attachments, attachmentBytes),
    /** Attachments beyond those listed. */
    attachmentsOmitted: Math.max(0, email.attachments.length - MAX_ATTACHMENTS),
    size: body.byteLength,
    sha256: sha256(body),
  };
}

/** Members of groups are listed like other addresses. */
function mailboxes(addresses: readonly Address[] = []): readonly Mailbox[] {
  return addresses
    .flatMap((address) => (address.group === undefined ? [address] : address.group))
    .slice(0, MAX_ADDRESSES)
    .map(({ name, address }) => ({
      name: name.slice(0, MAX_HEADER_LENGTH),
      address: address.slice(0, MAX_HEADER_LENGTH),
    }));
}

/** Values by lower-case name, in their order. */
function headersOf({ headers }: Email): Readonly<Record<string, readonly string[]>> {
  const values = new Map<string, string[]>();
  for (const { key, value } of headers.slice(0, MAX_HEADERS)) {
    const known = values.get(key) ?? [];
    known.push(value.slice(0, MAX_HEADER_LENGTH));
    values.set(key, known);
  }
  return Object.fromEntries(values);
}

function attachmentsOf(attachments: readonly Attachment[], maxBytes: number): readonly object[] {
  let left = maxBytes;
  return attachments.slice(0, MAX_ATTACHMENTS).map(({ filename, mimeType, disposition, contentId, content }) => {
    const bytes = bytesOf(content);
    const isIncluded = bytes.byteLength <= left;
    if (isIncluded) left -= bytes.byteLength;
    return {
      filename: filename?.slice(0, 1024) ?? null,
      contentType: mimeType.slice(0, 256),
      disposition: disposition?.slice(0, 64) ?? null,
      contentId: idOf(contentId),
      size: bytes.byteLength,
      sha256: sha256(bytes),
      /** Base64; `null` if it is larger than the rest of the limit. */
      content: isIncluded ? bytes.toString("base64") : null,
    };
  });
}

function bytesOf(content: Attachment["content"]): Buffer {
  if (typeof content === "string") return Buffer.from(content);
  return content instanceof Uint8Array
    ? Buffer.from(content.buffer, content.byteOffset, content.byteLength)
    : Buffer.from(content);
}

/** Without angle brackets. */
function idOf(text: string | undefined): string | null {
  const id = text?.trim().replace(/^<(.*)>$/s, "$1") ?? "";
  return id === "" ? null : id.slice(0, 1024);
}

function timeOf(text: string | undefined): number | null {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? null : time;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
