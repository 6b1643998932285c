/**
 * Text and byte codecs that reject instead of guessing, and comparison that does not tell where two values differ.
 * Everything here works without Node's `Buffer`.
 */

/** How binary values such as signatures are written in a header. */
export type TextEncoding = "hex" | "base64" | "base64url";

const encoder = /* @__PURE__ */ new TextEncoder();
const strictDecoder = /* @__PURE__ */ new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** UTF-8 bytes of a string. A lone surrogate becomes U+FFFD, as everywhere on the web. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The bytes of a body or a secret given either way. */
export function toBytes(value: Uint8Array | string): Uint8Array {
  return typeof value === "string" ? encoder.encode(value) : value;
}

/** The text of UTF-8 bytes, byte order mark included, or `undefined` when they are not valid UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** One array holding the parts in order; texts count as their UTF-8 bytes. */
export function concatBytes(parts: readonly (Uint8Array | string)[]): Uint8Array {
  const pieces = parts.map(toBytes);
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}

/** Lower-case hexadecimal. */
export function encodeHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += (byte < 16 ? "0" : "") + byte.toString(16);
  return text;
}

/** Bytes of a hexadecimal text of either case, or `undefined` for an odd length or any other character. */
export function decodeHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = Number.parseInt(text.slice(index * 2, index * 2 + 2), 16);
  }
  return bytes;
}

/** Base64 with padding (RFC 4648 section 4). */
export function encodeBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Base64 with the URL-safe alphabet and no padding (RFC 4648 section 5). */
export function encodeBase64Url(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/**
 * Bytes of a Base64 text, or `undefined` when it is not canonical: foreign characters, white space, wrong padding, or
 * unused bits that are not zero. Padding may be left off entirely.
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  try {
    const binary = atob(text);
    const bytes = new Uint8Array(binary.length);
    for (let index = 0; index < bytes.length; index += 1) bytes[index] = binary.charCodeAt(index);
    // atob forgives; writing it again does not, so that a signature cannot be written in several ways.
    const canonical = encodeBase64(bytes);
    return canonical === text || canonical.replace(/=+$/, "") === text ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** As {@link decodeBase64}, for the URL-safe alphabet. */
export function decodeBase64Url(text: string): Uint8Array | undefined {
  return /[+/]/.test(text) ? undefined : decodeBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
}

/** Writes bytes in the encoding named. */
export function encodeBytes(bytes: Uint8Array, encoding: TextEncoding): string {
  if (encoding === "hex") return encodeHex(bytes);
  return encoding === "base64" ? encodeBase64(bytes) : encodeBase64Url(bytes);
}

/** Reads bytes in the encoding named, or `undefined` when the text is not canonical. */
export function decodeBytes(text: string, encoding: TextEncoding): Uint8Array | undefined {
  if (encoding === "hex") return decodeHex(text);
  return encoding === "base64" ? decodeBase64(text) : decodeBase64Url(text);
}

/**
 * Whether two byte strings are equal, in a time that depends on the length of `presented` alone: neither the position
 * of a difference nor the length of `expected` can be measured. Put the value from the request first.
 */
export function equalBytes(presented: Uint8Array, expected: Uint8Array): boolean {
  let difference = presented.length ^ expected.length;
  // Of another length, the value is compared with itself: the same work, and the lengths have decided.
  const other = difference === 0 ? expected : presented;
  for (let index = 0; index < presented.length; index += 1) difference |= presented[index]! ^ other[index]!;
  return difference === 0;
}

/**
 * As {@link equalBytes}, for texts such as tokens and encoded signatures; compares UTF-16 code units. `skip` leaves out
 * the start of `presented`: comparing a slice takes twice as long, for engines look through to the text it is a part of.
 */
export function equalText(presented: string, expected: string, skip = 0): boolean {
  const length = presented.length - skip;
  let difference = length ^ expected.length;
  const [other, shift] = difference === 0 ? [expected, 0] : [presented, skip];
  for (let index = 0; index < length; index += 1) {
    difference |= presented.charCodeAt(skip + index) ^ other.charCodeAt(shift + index);
  }
  return difference === 0;
}
