/** Strict text and byte codecs, and constant-time comparison. Nothing here needs Node's `Buffer`. */

/** Text encoding of binary values such as signatures. */
export type TextEncoding = "hex" | "base64" | "base64url";

const encoder = /* @__PURE__ */ new TextEncoder();
const strictDecoder = /* @__PURE__ */ new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** UTF-8 bytes of a string. A lone surrogate becomes U+FFFD, as in the WHATWG Encoding standard. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Bytes of a body or secret given as bytes or as text. */
export function toBytes(value: Uint8Array | string): Uint8Array {
  return typeof value === "string" ? encoder.encode(value) : value;
}

/** Text of UTF-8 bytes, including a byte order mark; `undefined` when the bytes are not valid UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Concatenates the parts into one array. Strings are encoded as UTF-8. */
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

/** Encodes bytes as lower-case hexadecimal. */
export function encodeHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += (byte < 16 ? "0" : "") + byte.toString(16);
  return text;
}

/** Decodes hexadecimal in either case; `undefined` for an odd length or any other character. */
export function decodeHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = Number.parseInt(text.slice(index * 2, index * 2 + 2), 16);
  }
  return bytes;
}

/** Encodes bytes as Base64 with padding (RFC 4648 section 4). */
export function encodeBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Encodes bytes as URL-safe Base64 without padding (RFC 4648 section 5). */
export function encodeBase64Url(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/**
 * Decodes Base64. Returns `undefined` when the text is not canonical: foreign characters, white space, wrong padding,
 * or unused bits that are not zero. Padding may be omitted entirely.
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  try {
    const binary = atob(text);
    const bytes = new Uint8Array(binary.length);
    for (let index = 0; index < bytes.length; index += 1) bytes[index] = binary.charCodeAt(index);
    // atob is lenient. Comparing with the re-encoded bytes allows only one spelling of a signature.
    const canonical = encodeBase64(bytes);
    return canonical === text || canonical.replace(/=+$/, "") === text ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** Decodes URL-safe Base64 as strictly as {@link decodeBase64}. */
export function decodeBase64Url(text: string): Uint8Array | undefined {
  return /[+/]/.test(text) ? undefined : decodeBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
}

/** Encodes bytes in the given encoding. */
export function encodeBytes(bytes: Uint8Array, encoding: TextEncoding): string {
  if (encoding === "hex") return encodeHex(bytes);
  return encoding === "base64" ? encodeBase64(bytes) : encodeBase64Url(bytes);
}

/** Decodes text in the given encoding; `undefined` when it is not canonical. */
export function decodeBytes(text: string, encoding: TextEncoding): Uint8Array | undefined {
  if (encoding === "hex") return decodeHex(text);
  return encoding === "base64" ? decodeBase64(text) : decodeBase64Url(text);
}

/**
 * Compares two byte strings in a time that depends only on the length of `presented`, so that neither the position of
 * a difference nor the length of `expected` can be measured. Pass the value from the request first.
 */
export function equalBytes(presented: Uint8Array, expected: Uint8Array): boolean {
  let difference = presented.length ^ expected.length;
  // With a different length the value is compared with itself: same work, and the lengths already decided the result.
  const other = difference === 0 ? expected : presented;
  for (let index = 0; index < presented.length; index += 1) difference |= presented[index]! ^ other[index]!;
  return difference === 0;
}

/**
 * Like {@link equalBytes} for texts such as tokens and encoded signatures; compares UTF-16 code units. `skip` ignores
 * the first characters of `presented`: comparing a slice instead takes twice as long, because engines represent a
 * slice as a reference into the longer string.
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
