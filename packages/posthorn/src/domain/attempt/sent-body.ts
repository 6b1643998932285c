/**
 * The body that an attempt sent, if it is not that of the message. Most of it is usually the payload, inserted into a request of the
 * destination. The payload is then not stored a second time, but inserted again when the attempt is read.
 */
import { isUtf8 } from "node:buffer";

/** Bytes of a body that are kept. */
export const MAX_KEPT_BODY_BYTES = 32_768;
/** Smaller payloads are stored with the body, since a reference would save little. */
const MIN_PAYLOAD_BYTES = 256;
/** Larger payloads are not searched for, because that would take too long for each attempt. */
const MAX_PAYLOAD_BYTES = 65_536;

export interface KeptBody {
  readonly text: string;
  readonly encoding: "utf-8" | "base64";
  /** The body is truncated. */
  readonly cut: boolean;
}

/** How a payload is written in a body: as it is, as a part of a JSON text, or in base64. */
type PayloadForm = "text" | "json" | "base64";

/** Where the payload of a message is in the text of a request. */
export interface PayloadPlace {
  readonly at: number;
  readonly length: number;
  readonly form: PayloadForm;
}

/** A body as it is stored. */
export interface StoredBody extends KeptBody {
  /** Where the payload is inserted; absent: nowhere. The text of the body is shorter by it. */
  readonly payload?: { readonly at: number; readonly form: PayloadForm };
}

const FORMS: readonly PayloadForm[] = ["text", "json", "base64"];

export function keptBody(body: Uint8Array): KeptBody {
  const cut = body.byteLength > MAX_KEPT_BODY_BYTES;
  const bytes = Buffer.from(body.buffer, body.byteOffset, cut ? MAX_KEPT_BODY_BYTES : body.byteLength);
  const whole = withoutHalfCharacter(bytes, cut);
  return whole === null
    ? { text: bytes.toString("base64"), encoding: "base64", cut }
    : { text: whole.toString("utf8"), encoding: "utf-8", cut };
}

/** A body in the form in which it is stored: without the payload, if it contains it. */
export function withoutPayload(body: Uint8Array, payload: Uint8Array): StoredBody {
  if (!isReferenced(payload) || body.byteLength < payload.byteLength || !isUtf8(body)) return keptBody(body);
  const text = asText(body);
  for (const form of FORMS) {
    const written = writtenAs(form, payload);
    const at = written === null ? -1 : text.indexOf(written);
    if (at === -1) continue;
    const rest = text.slice(0, at) + text.slice(at + written!.length);
    return { text: rest, encoding: "utf-8", cut: false, payload: { at, form } };
  }
  return keptBody(body);
}

/** As `withoutPayload`, for a body whose text and place of the payload are known. */
export function withoutPayloadAt(
  body: Uint8Array,
  text: string,
  { at, length, form }: PayloadPlace,
  payload: Uint8Array,
): StoredBody {
  if (!isReferenced(payload)) return keptBody(body);
  return { text: text.slice(0, at) + text.slice(at + length), encoding: "utf-8", cut: false, payload: { at, form } };
}

function isReferenced({ byteLength }: Uint8Array): boolean {
  return byteLength >= MIN_PAYLOAD_BYTES && byteLength <= MAX_PAYLOAD_BYTES;
}

/** The body as it was sent. @param payload `null`: it was deleted. Then the body is `null`, too. */
export function withPayload({ payload: place, ...body }: StoredBody, payload: Uint8Array | null): KeptBody | null {
  if (place === undefined) return body;
  const written = payload === null ? null : writtenAs(place.form, payload);
  if (written === null) return null;
  return keptBody(Buffer.from(body.text.slice(0, place.at) + written + body.text.slice(place.at)));
}

/** `null`: the payload is not text. */
function writtenAs(form: PayloadForm, payload: Uint8Array): string | null {
  if (form === "base64") return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString("base64");
  if (!isUtf8(payload)) return null;
  const text = asText(payload);
  return form === "text" ? text : JSON.stringify(text).slice(1, -1);
}

function asText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}

/** The bytes without an incomplete character at the end; `null`: they are not text. */
function withoutHalfCharacter(bytes: Buffer, cut: boolean): Buffer | null {
  for (let less = 0; less <= (cut ? 3 : 0); less++) {
    const part = bytes.subarray(0, bytes.byteLength - less);
    if (isUtf8(part)) return part;
  }
  return null;
}
