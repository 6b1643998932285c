/**
 * Finds the bytes of members and items in JSON text, so that they can be stored exactly as they were sent. Parsing and serializing
 * would lose what `JSON.parse` cannot represent: `1.0`, `12345678901234567890`, duplicate keys, escapes, white space.
 */

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Returns the bytes of the value of each named member of a JSON object, without surrounding white space. If a member is repeated, the
 * last one counts, as in `JSON.parse`.
 *
 * `json` must be a well-formed JSON object in UTF-8. This is not checked, so parse it first.
 */
export function findMembers<const Name extends string>(
  json: Buffer,
  names: readonly Name[],
): Partial<Record<Name, Buffer>> {
  const found: Partial<Record<Name, Buffer>> = {};
  let position = skipSpace(json, skipSpace(json, 0) + 1);
  while (json[position] === QUOTE) {
    const keyEnd = endOfString(json, position);
    const name = nameOf(json, position, keyEnd);
    const start = skipSpace(json, skipPast(json, keyEnd, COLON));
    const end = endOfValue(json, start);
    const wanted = names.find((candidate) => candidate === name);
    if (wanted !== undefined) found[wanted] = json.subarray(start, end);
    position = skipSpace(json, end);
    if (json[position] === COMMA) position = skipSpace(json, position + 1);
  }
  return found;
}

/**
 * Returns the bytes of each item of a JSON array, without surrounding white space.
 *
 * `json` must be a well-formed JSON array in UTF-8. This is not checked, so parse it first.
 */
export function findItems(json: Buffer): Buffer[] {
  const found: Buffer[] = [];
  let position = skipSpace(json, skipSpace(json, 0) + 1);
  while (position < json.length && json[position] !== CLOSE_BRACKET) {
    const end = endOfValue(json, position);
    found.push(json.subarray(position, end));
    position = skipSpace(json, end);
    if (json[position] === COMMA) position = skipSpace(json, position + 1);
  }
  return found;
}

function nameOf(json: Buffer, start: number, end: number): string {
  const inner = json.subarray(start + 1, end - 1);
  return inner.includes(BACKSLASH) ? (JSON.parse(json.toString("utf8", start, end)) as string) : inner.toString("utf8");
}

function endOfValue(json: Buffer, start: number): number {
  const first = json[start];
  if (first === QUOTE) return endOfString(json, start);
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return endOfLiteral(json, start);
  let depth = 0;
  let position = start;
  for (;;) {
    const byte = json[position];
    if (byte === QUOTE) {
      position = endOfString(json, position);
      continue;
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
    position++;
    if (depth === 0 || position >= json.length) return position;
  }
}

function endOfString(json: Buffer, start: number): number {
  let quote = json.indexOf(QUOTE, start + 1);
  while (quote !== -1 && isEscaped(json, quote)) quote = json.indexOf(QUOTE, quote + 1);
  return quote === -1 ? json.length : quote + 1;
}

/** A quote is escaped if it follows an odd number of backslashes. */
function isEscaped(json: Buffer, quote: number): boolean {
  let backslashes = 0;
  while (json[quote - 1 - backslashes] === BACKSLASH) backslashes++;
  return backslashes % 2 === 1;
}

function endOfLiteral(json: Buffer, start: number): number {
  let position = start;
  while (position < json.length && !isDelimiter(json[position]!)) position++;
  return position;
}

function isDelimiter(byte: number): boolean {
  return byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || byte <= 0x20;
}

function skipPast(json: Buffer, start: number, byte: number): number {
  return json.indexOf(byte, start) + 1;
}

function skipSpace(json: Buffer, start: number): number {
  let position = start;
  while (position < json.length && json[position]! <= 0x20) position++;
  return position;
}
