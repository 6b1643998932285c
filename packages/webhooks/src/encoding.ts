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

/** One array holding the parts in order. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
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
  const bare = text.replace(/={1,2}$/, "");
  if (bare.length !== text.length && text.length % 4 !== 0) return undefined;
  if (bare.length % 4 === 1 || !/^[A-Za-z0-9+/]*$/.test(bare)) return undefined;
  const binary = atob(bare);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < bytes.length; index += 1) bytes[index] = binary.charCodeAt(index);
  // Two texts that decode to one value would let a signature be written in several ways.
  return encodeBase64(bytes).replace(/=+$/, "") === bare ? bytes : undefined;
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
  for (let index = 0; index < presented.length; index += 1) {
    // Wraps around a shorter `expected`; the lengths have decided by then. XOR takes the undefined of an empty one as 0.
    difference |= presented[index]! ^ expected[index % expected.length]!;
  }
  return difference === 0;
}

/** As {@link equalBytes}, for texts such as tokens and encoded signatures; compares UTF-16 code units. */
export function equalText(presented: string, expected: string): boolean {
  let difference = presented.length ^ expected.length;
  for (let index = 0; index < presented.length; index += 1) {
    difference |= presented.charCodeAt(index) ^ expected.charCodeAt(index % expected.length);
  }
  return difference === 0;
}
