/** Character classes and comparisons on the bytes of a message (RFC 9110 section 5.6, RFC 9112). */

export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
const COMMA = 0x2c;

/** Bytes of a token: header names and chunk extensions. */
export const TOKEN = classOf((code) => code < 0x80 && /[!#$%&'*+\-.^_`|~0-9a-z]/i.test(String.fromCharCode(code)));
/** Bytes of a header value: visible characters, space, tab and everything above ASCII. */
export const VALUE = classOf((code) => code === HTAB || (code >= SPACE && code !== 0x7f));

function classOf(has: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_none, code) => (has(code) ? 1 : 0));
}

export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

export function isSpace(byte: number | undefined): boolean {
  return byte === SPACE || byte === HTAB;
}

/** Whether the bytes are an ASCII word, ignoring case. `word` is in lower case. */
export function isWord(bytes: Uint8Array, from: number, to: number, word: string): boolean {
  if (to - from !== word.length) return false;
  for (let index = 0; index < word.length; index++) {
    const byte = bytes[from + index]!;
    if ((byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte) !== word.charCodeAt(index)) return false;
  }
  return true;
}

/** Whether a comma-separated list contains a word, ignoring case and surrounding white space. */
export function listHas(bytes: Uint8Array, from: number, to: number, word: string): boolean {
  for (let start = from; start <= to;) {
    let end = start;
    while (end < to && bytes[end] !== COMMA) end++;
    if (isTrimmedWord(bytes, start, end, word)) return true;
    start = end + 1;
  }
  return false;
}

/** Whether the last element of a comma-separated list is a word, ignoring case and surrounding white space. */
export function listEndsWith(bytes: Uint8Array, from: number, to: number, word: string): boolean {
  let start = to;
  while (start > from && bytes[start - 1] !== COMMA) start--;
  return isTrimmedWord(bytes, start, to, word);
}

function isTrimmedWord(bytes: Uint8Array, from: number, to: number, word: string): boolean {
  let start = from;
  let end = to;
  while (start < end && isSpace(bytes[start])) start++;
  while (end > start && isSpace(bytes[end - 1])) end--;
  return isWord(bytes, start, end, word);
}
