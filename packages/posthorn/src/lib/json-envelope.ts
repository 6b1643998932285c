/**
 * Reads a JSON object of which one member is only stored. Checks the syntax and finds the bytes of that member in one pass, for a
 * third of the time of `JSON.parse`, a search for the member and a check of the depth.
 */

const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const SPACE = 0x20;

export interface Envelope {
  /** The parsed object. Its opaque member is an empty object. */
  readonly value: unknown;
  /** Bytes of the opaque member. */
  readonly content: Buffer;
}

/** Deeper values are left to code that can report them. */
const MAX_DEPTH = 200;
/** For each open container, whether it is an object. Shared by all calls, which are synchronous. */
const isObjectAt = new Uint8Array(MAX_DEPTH);

/** 1 for each byte that can be in a string as it is. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < SPACE || byte === QUOTE || byte === BACKSLASH ? 0 : 1,
);
/** Strings with more plain bytes at their start are scanned four bytes at a time. */
const LONG = 256;

/** 1 for each byte that can follow a backslash, except `u`. */
const ESCAPED = Uint8Array.from({ length: 256 }, (_, byte) =>
  '"\\/bfnrt'.includes(String.fromCharCode(byte)) ? 1 : 0,
);

/**
 * Reads an object in which exactly one of `names` is a member, and an object. `null` if the text is anything else, is not well-formed or is
 * nested deeply: then parse it in the usual way.
 *
 * @param json Text in UTF-8. This is not checked.
 * @param maxParsed Bytes outside of the member that may be parsed in one step. If there are more, the result is `null`.
 */
export function readEnvelope(json: Buffer, names: readonly string[], maxParsed = Infinity): Envelope | null {
  const end = json.length;
  let at = afterSpace(json, 0, end);
  if (json[at] !== OPEN_BRACE) return null;
  at = afterSpace(json, at + 1, end);
  let from = -1;
  let to = -1;
  while (json[at] === QUOTE) {
    const nameEnd = afterString(json, at + 1, end);
    if (nameEnd === -1) return null;
    const name = json.toString("latin1", at + 1, nameEnd - 1);
    // A name with an escape may be one of `names`.
    if (name.includes("\\")) return null;
    const isOpaque = names.includes(name);
    at = afterSpace(json, nameEnd, end);
    if (json[at] !== COLON) return null;
    const start = afterSpace(json, at + 1, end);
    at = afterValue(json, start, end);
    if (at === -1) return null;
    if (isOpaque) {
      if (from !== -1 || json[start] !== OPEN_BRACE) return null;
      from = start;
      to = at;
    }
    at = afterSpace(json, at, end);
    if (json[at] !== COMMA) break;
    at = afterSpace(json, at + 1, end);
    if (json[at] !== QUOTE) return null;
  }
  if (json[at] !== CLOSE_BRACE || afterSpace(json, at + 1, end) !== end || from === -1) return null;
  if (end - (to - from) > maxParsed) return null;
  const value: unknown = JSON.parse(`${json.toString("utf8", 0, from)}{}${json.toString("utf8", to)}`);
  return { value, content: json.subarray(from, to) };
}

function afterSpace(json: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && json[at]! <= SPACE && isSpace(json[at]!)) at++;
  return at;
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** The end of the value that starts here; -1 if it is not well-formed, or nested deeply. */
function afterValue(json: Uint8Array, start: number, end: number): number {
  let depth = 0;
  let at = start;
  for (;;) {
    const byte = json[at];
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (depth === MAX_DEPTH) return -1;
      const isObject = byte === OPEN_BRACE;
      at = afterSpace(json, at + 1, end);
      if (json[at] !== (isObject ? CLOSE_BRACE : CLOSE_BRACKET)) {
        isObjectAt[depth++] = isObject ? 1 : 0;
        if (isObject && (at = afterName(json, at, end)) === -1) return -1;
        continue;
      }
      at++;
    } else {
      at = byte === QUOTE ? afterString(json, at + 1, end) : afterScalar(json, at, end);
      if (at === -1) return -1;
    }
    // A value has ended here: close the containers that end with it, up to the next value.
    for (;;) {
      if (depth === 0) return at;
      at = afterSpace(json, at, end);
      const isObject = isObjectAt[depth - 1] === 1;
      if (json[at] === COMMA) {
        at = afterSpace(json, at + 1, end);
        if (isObject && (at = afterName(json, at, end)) === -1) return -1;
        break;
      }
      if (json[at] !== (isObject ? CLOSE_BRACE : CLOSE_BRACKET)) return -1;
      at++;
      depth--;
    }
  }
}

/** The start of the value of the member whose name starts here. */
function afterName(json: Uint8Array, start: number, end: number): number {
  if (json[start] !== QUOTE) return -1;
  const nameEnd = afterString(json, start + 1, end);
  if (nameEnd === -1) return -1;
  const at = afterSpace(json, nameEnd, end);
  return json[at] === COLON ? afterSpace(json, at + 1, end) : -1;
}

/** @param start Offset after the opening quote. */
function afterString(json: Uint8Array, start: number, end: number): number {
  let at = start;
  for (;;) {
    const limit = Math.min(end - 4, at + LONG);
    while (
      at < limit &&
      (PLAIN[json[at]!]! & PLAIN[json[at + 1]!]! & PLAIN[json[at + 2]!]! & PLAIN[json[at + 3]!]!) === 1
    )
      at += 4;
    if (at >= limit && at + LONG < end) at = afterPlainWords(json, at, end);
    while (at < end && PLAIN[json[at]!] === 1) at++;
    if (at >= end) return -1;
    if (json[at] === QUOTE) return at + 1;
    if (json[at] !== BACKSLASH || at + 1 >= end) return -1;
    const escape = json[at + 1]!;
    if (ESCAPED[escape] === 1) at += 2;
    else if (escape === 0x75 && areHex(json, at + 2, end)) at += 6;
    else return -1;
  }
}

/**
 * Skips plain bytes in a long string, by the lowest and highest bits of four bytes at once: for a third of the time that a look-up of each byte takes.
 * Stops at or before the first byte that is not plain, and before the last few bytes of the text.
 */
function afterPlainWords(json: Uint8Array, start: number, end: number): number {
  let at = start;
  while (((json.byteOffset + at) & 3) !== 0) {
    if (at >= end || PLAIN[json[at]!] === 0) return at;
    at++;
  }
  const words = new Int32Array(json.buffer, json.byteOffset + at, (end - at) >> 2);
  let index = 0;
  while (index < words.length) {
    const word = words[index]!;
    // Sets the highest bit of each byte that is less than a space, equal to a quote, or equal to a backslash. A byte behind such a one may be marked too.
    const marks = ((word - SPACES) | ((word ^ QUOTES) - ONES) | ((word ^ BACKSLASHES) - ONES)) & ~word & HIGHEST_BITS;
    if (marks !== 0) break;
    index++;
  }
  return at + 4 * index;
}

const ONES = 0x01010101;
const SPACES = SPACE * ONES;
const QUOTES = QUOTE * ONES;
const BACKSLASHES = BACKSLASH * ONES;
const HIGHEST_BITS = 0x80808080 | 0;

function areHex(json: Uint8Array, start: number, end: number): boolean {
  if (start + 4 > end) return false;
  for (let at = start; at < start + 4; at++) {
    const byte = json[at]!;
    const lower = byte | 0x20;
    if (!((byte >= ZERO && byte <= NINE) || (lower >= 0x61 && lower <= 0x66))) return false;
  }
  return true;
}

function afterScalar(json: Uint8Array, start: number, end: number): number {
  const first = json[start];
  if (first === 0x74) return afterWord(json, start, TRUE);
  if (first === 0x66) return afterWord(json, start, FALSE);
  if (first === 0x6e) return afterWord(json, start, NULL);
  return afterNumber(json, start, end);
}

const [TRUE, FALSE, NULL] = ["true", "false", "null"].map((word) => Buffer.from(word)) as [Buffer, Buffer, Buffer];

function afterWord(json: Uint8Array, start: number, word: Buffer): number {
  for (let at = 1; at < word.length; at++) if (json[start + at] !== word[at]) return -1;
  return start + word.length;
}

function afterNumber(json: Uint8Array, start: number, end: number): number {
  let at = json[start] === MINUS ? start + 1 : start;
  const whole = afterDigits(json, at, end);
  // No leading zero.
  if (whole === at || (json[at] === ZERO && whole > at + 1)) return -1;
  at = whole;
  if (json[at] === DOT) {
    const fraction = afterDigits(json, at + 1, end);
    if (fraction === at + 1) return -1;
    at = fraction;
  }
  if (at < end && (json[at]! | 0x20) === 0x65) {
    const digits = json[at + 1] === PLUS || json[at + 1] === MINUS ? at + 2 : at + 1;
    const exponent = afterDigits(json, digits, end);
    if (exponent === digits) return -1;
    at = exponent;
  }
  return at;
}

function afterDigits(json: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && json[at]! >= ZERO && json[at]! <= NINE) at++;
  return at;
}
