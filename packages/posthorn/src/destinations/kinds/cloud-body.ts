/** Message bodies in the forms that queues, streams and archives of cloud services accept. No form changes or loses a byte of a body. */
import type { KindMessage } from "../kind.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Characters that XML 1.0 does not allow. SQS and SNS replace or refuse them. */
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const NOT_XML = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;

/** A body as text: as it is, or in base64. */
export interface TextBody {
  readonly text: string;
  readonly isBase64: boolean;
}

/** For services that accept any text. */
export function plainText(body: Uint8Array): TextBody {
  const text = utf8Text(body);
  return text === null ? base64Text(body) : { text, isBase64: false };
}

/** For services that accept only the characters of XML. */
export function xmlSafeText(body: Uint8Array): TextBody {
  const text = utf8Text(body);
  return text === null || NOT_XML.test(text) ? base64Text(body) : { text, isBase64: false };
}

/** The body, if it is a JSON document. */
export function jsonText(body: Uint8Array): string | null {
  const text = utf8Text(body);
  if (text === null) return null;
  try {
    JSON.parse(text);
    return text;
  } catch {
    return null;
  }
}

/** The body, if it is a JSON object. */
export function jsonObjectText(body: Uint8Array): string | null {
  const text = jsonText(body);
  return text !== null && /^[\t\n\r ]*\{/.test(text) ? text : null;
}

/**
 * What is known about a message besides its body: its own attributes, event type, content type, and whether the body is in base64. Empty
 * values are left out, because most services refuse them.
 */
export function attributesOf(
  { eventType, contentType, attributes }: KindMessage,
  isBase64 = false,
): readonly (readonly [name: string, value: string])[] {
  const own: (readonly [string, string])[] = [];
  if (eventType !== "") own.push(["event-type", eventType]);
  if (contentType !== "") own.push(["content-type", contentType]);
  if (isBase64) own.push(["content-encoding", "base64"]);
  const all: (readonly [string, string])[] = [];
  for (const attribute of attributes) {
    const name = attribute[0].toLowerCase();
    if (attribute[1] !== "" && !own.some((one) => one[0] === name)) all.push(attribute);
  }
  all.push(...own);
  return all;
}

/**
 * The message as one line of JSON with a line feed: ID, type, time and body. A JSON body is inserted unchanged under `payload`, which preserves
 * its numbers and the order of its members. Other text is a string under `payloadText`, and other bytes are under `payloadBase64`.
 */
export function jsonLine({ id, eventId, eventType, createdAt, contentType, body }: KindMessage): string {
  const head = JSON.stringify({
    id,
    eventType,
    ...(eventId === null ? {} : { eventId }),
    timestamp: new Date(createdAt).toISOString(),
  });
  return `${head.slice(0, -1)},${payloadMember(body, contentType)}}\n`;
}

/** The document on one line. JSON has line breaks only between tokens, where a space means the same. */
export function inOneLine(json: string): string {
  return json.replace(/[\r\n]+/g, " ").trim();
}

function payloadMember(body: Uint8Array, contentType: string): string {
  const json = jsonText(body);
  if (json !== null) return `"payload":${inOneLine(json)}`;
  const { text, isBase64 } = plainText(body);
  const type = contentType === "" ? "" : `"contentType":${JSON.stringify(contentType)},`;
  return `${type}"${isBase64 ? "payloadBase64" : "payloadText"}":${JSON.stringify(text)}`;
}

function utf8Text(body: Uint8Array): string | null {
  try {
    return utf8.decode(body);
  } catch {
    return null;
  }
}

function base64Text(body: Uint8Array): TextBody {
  return { text: Buffer.from(body).toString("base64"), isBase64: true };
}
