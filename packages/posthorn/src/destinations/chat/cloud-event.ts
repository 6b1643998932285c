/** Messages as CloudEvents 1.0. JSON is spliced in byte for byte, so that numbers, escapes and member order stay as they were published. */
import { isUtf8 } from "node:buffer";
import { formatOf } from "../../format/media-type.ts";
import type { KindMessage } from "../kind.ts";

const TEXT_TYPES =
  /^\s*(?:text\/|application\/(?:xml|x-www-form-urlencoded|javascript|x-ndjson)\b|[\w.+-]+\/[\w.-]+\+xml)/i;

/** Context attributes in headers (HTTP protocol binding, section 3.1.3). */
export function binaryHeaders({ id, eventType, createdAt }: KindMessage, source: string): string[] {
  const attributes = { specversion: "1.0", id, source, type: eventType, time: new Date(createdAt).toISOString() };
  return Object.entries(attributes).flatMap(([name, value]) => [`ce-${name}`, headerValue(value)]);
}

/** Percent-encodes what a header cannot hold (HTTP protocol binding, section 3.1.3.2). */
function headerValue(value: string): string {
  return value.toWellFormed().replace(/[^!#-$&-~]/gu, (character) => encodeURIComponent(character));
}

export function structuredEvent(message: KindMessage, source: string): Uint8Array {
  const { id, eventType, createdAt, contentType } = message;
  const attributes = JSON.stringify({
    specversion: "1.0",
    id,
    source,
    type: eventType,
    time: new Date(createdAt).toISOString(),
    datacontenttype: contentType,
  });
  const [name, data] = dataOf(message);
  return Buffer.concat([Buffer.from(`${attributes.slice(0, -1)},"${name}":`), data, Buffer.from("}")]);
}

export function batchEvents(messages: readonly KindMessage[], source: string): Uint8Array {
  const parts = messages.flatMap((message, index) => [
    Buffer.from(index === 0 ? "[" : ","),
    structuredEvent(message, source),
  ]);
  return Buffer.concat([...parts, Buffer.from("]")]);
}

/** JSON format, section 3.1: JSON as it is, other text as a string, anything else in base64. */
function dataOf({ body, contentType }: KindMessage): readonly [name: "data" | "data_base64", value: Uint8Array] {
  const isText = isUtf8(body);
  const text = (): string => Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
  if (formatOf(contentType) === "json") {
    if (isText && isJson(text())) return ["data", body];
  } else if (isText && TEXT_TYPES.test(contentType)) {
    return ["data", Buffer.from(JSON.stringify(text()))];
  }
  return ["data_base64", Buffer.from(JSON.stringify(Buffer.from(body).toString("base64")))];
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
