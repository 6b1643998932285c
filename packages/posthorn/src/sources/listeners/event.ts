/** Turns the message of a broker into an event. */
import type { SourceEvent, Unreadable } from "../source-event.ts";
import { EXTRA_BYTES, HEAD_BYTES, LargeBody, type LargeMessage } from "./large-messages.ts";
import type { ListenHost } from "./listener.ts";

/** Message of a broker, before it is an event. */
export interface BrokerMessage {
  /** See `SourceEvent.id`; `null` if the broker supplies none, so that a repetition is another event. */
  readonly id: string | null;
  readonly body: Uint8Array;
  /** `null`: the broker does not say. */
  readonly contentType: string | null;
  readonly occurredAt: number | null;
  /** Metadata of the broker about the message, such as its topic. */
  readonly metadata: readonly (readonly [name: string, value: string])[];
  /** Headers that its publisher has added. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Value of `{topic}` in the event type: topic, subject, queue or key. */
  readonly topic: string;
}

/** Longest event type. */
const MAX_TYPE = 256;
/** Bounds of the metadata of one event. */
const MAX_HEADERS = 100;
const MAX_HEADER_LENGTH = 4096;

/** Place of a message, for the entry in quarantine: its topic, and a text with which it can be found at the broker. */
export interface Place {
  readonly topic: string;
  /** Such as `offset 12 of partition 0`. */
  readonly reference: string;
}

/**
 * Hands a message over as an event, or to quarantine if it cannot be read or is too large. Settles as `ListenHost.deliver`.
 *
 * @param read Makes the message of what the client received. May throw.
 */
export function deliver(
  host: ListenHost,
  template: string,
  { place, body, read }: { readonly place: Place; readonly body: Uint8Array; readonly read: () => BrokerMessage },
): Promise<void> {
  const { maxBodyBytes } = host;
  let event: SourceEvent;
  try {
    const message = read();
    if (message.body.byteLength > maxBodyBytes) return host.quarantine(tooLarge(place, message, maxBodyBytes));
    event = eventOf(template, message);
  } catch (error) {
    return host.quarantine(unreadable(place, body, error));
  }
  return host.deliver(event);
}

export function eventOf(template: string, message: BrokerMessage): SourceEvent {
  const { body, occurredAt, topic } = message;
  const pairs = [...message.metadata, ...message.headers].slice(0, MAX_HEADERS);
  return {
    // A random one, so that messages with equal bodies stay different events.
    id: message.id ?? crypto.randomUUID(),
    type: typeOf(template, topic, message.headers),
    body,
    contentType: contentTypeOf(message),
    occurredAt,
    headers: pairs.flatMap(([name, value]) => [name.slice(0, 256), value.slice(0, MAX_HEADER_LENGTH)]),
  };
}

function contentTypeOf({ contentType, body }: BrokerMessage): string {
  if (contentType !== null && /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+/.test(contentType)) return contentType.slice(0, 256);
  return looksLikeJson(body) ? "application/json" : "application/octet-stream";
}

/** Only the first byte that is not a space decides: the body is stored unchanged in any case. */
function looksLikeJson(body: Uint8Array): boolean {
  for (const byte of body) {
    if (byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d) continue;
    return byte === 0x7b || byte === 0x5b;
  }
  return false;
}

/** Replaces `{topic}`, `{topic:2}` (its second part) and `{header:NAME}`. An empty result becomes `message`. */
export function typeOf(template: string, topic: string, headers: BrokerMessage["headers"]): string {
  const parts = topic.split(/[/.]/);
  const text = template.replaceAll(/\{(topic|header)(?::([^{}]+))?\}/g, (_, what: string, argument?: string) => {
    if (what === "topic") return argument === undefined ? topic : (parts[Number(argument) - 1] ?? "");
    return headers.find(([name]) => name.toLowerCase() === argument?.toLowerCase())?.[1] ?? "";
  });
  const type = text
    .replaceAll(/[^a-zA-Z0-9\-_.]+/g, ".")
    .replaceAll(/\.{2,}/g, ".")
    .replaceAll(/^\.|\.$/g, "")
    .slice(0, MAX_TYPE);
  return type === "" ? "message" : type;
}

/** Entry for a message that the client of the protocol could not decode. */
export function unreadable({ topic, reference }: Place, body: Uint8Array, error: unknown): Unreadable {
  const problem = error instanceof Error ? error.message : String(error);
  return {
    reason: "message_unreadable",
    detail: `A message of ${topic.slice(0, 200)} cannot be decoded (${problem.slice(0, 200)}; ${reference}). It is acknowledged, and not read again.`,
    body: body.subarray(0, HEAD_BYTES),
    contentType: "application/octet-stream",
  };
}

/** Entry for a message of which only the beginning was kept. */
export function tooLargeToKeep(
  { topic, reference }: Place,
  { bytes, sha256, head }: LargeMessage,
  maxBytes: number,
): Unreadable {
  return {
    reason: "too_large",
    detail: `${tooLargeText(topic, bytes, maxBytes)} Only the beginning of the message is kept (${reference}; SHA-256 ${sha256}).`,
    body: head,
    contentType: "application/octet-stream",
  };
}

function tooLargeText(topic: string, bytes: number, maxBytes: number): string {
  return `A message of ${topic.slice(0, 200)} has ${bytes} bytes, and the source accepts up to ${maxBytes}. Raise maxBodyBytes of the source or POSTHORN_MAX_INBOUND_BYTES, or publish smaller messages.`;
}

export function tooLarge(place: Place, { body, contentType }: BrokerMessage, maxBytes: number): Unreadable {
  if (body.byteLength > maxBytes + EXTRA_BYTES) {
    const large = new LargeBody();
    large.add(body);
    return tooLargeToKeep(place, large, maxBytes);
  }
  return {
    reason: "too_large",
    detail: tooLargeText(place.topic, body.byteLength, maxBytes),
    body,
    contentType: contentType ?? "application/octet-stream",
  };
}
