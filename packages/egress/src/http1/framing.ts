/**
 * Grammar of HTTP/1.1 messages on bytes (RFC 9110 section 5.6, RFC 9112): character classes, words in header values, and the headers that
 * determine where a body ends.
 */
import { malformed } from "./malformed.ts";

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

const TIMEOUT = /(?:^|,)[\t ]*timeout=(\d+)/i;

/** End of the body and of the connection, as determined by the headers of a response. */
export class Framing {
  /** Value of `Content-Length`; -1 when absent. */
  contentLength = -1;
  /** `Transfer-Encoding` is present. */
  isEncoded = false;
  /** `chunked` is the last transfer coding. Without it, an encoded body lasts until the connection closes. */
  isChunked = false;
  hasClose = false;
  hasKeepAlive = false;
  /** Milliseconds of the `timeout` of `Keep-Alive`; -1 when absent. */
  keepAliveMs = -1;

  reset(): void {
    this.contentLength = this.keepAliveMs = -1;
    this.isEncoded = this.isChunked = this.hasClose = this.hasKeepAlive = false;
  }

  /**
   * Reads one header. Compares the length of its name first.
   *
   * @throws {EgressError} `protocol` for a length that is invalid, repeated or combined with a transfer coding.
   */
  add(bytes: Buffer, nameStart: number, nameEnd: number, from: number, to: number): void {
    switch (nameEnd - nameStart) {
      case 10:
        if (isWord(bytes, nameStart, nameEnd, "connection")) this.#connection(bytes, from, to);
        else if (isWord(bytes, nameStart, nameEnd, "keep-alive")) this.#keepAlive(bytes, from, to);
        break;
      case 14:
        if (isWord(bytes, nameStart, nameEnd, "content-length")) this.#length(bytes, from, to);
        break;
      case 16:
        if (isWord(bytes, nameStart, nameEnd, "proxy-connection")) this.#connection(bytes, from, to);
        break;
      case 17:
        if (isWord(bytes, nameStart, nameEnd, "transfer-encoding")) this.#encoding(bytes, from, to);
        break;
      default:
        break;
    }
  }

  #connection(bytes: Buffer, from: number, to: number): void {
    if (listHas(bytes, from, to, "close")) this.hasClose = true;
    if (listHas(bytes, from, to, "keep-alive")) this.hasKeepAlive = true;
  }

  /** The first `timeout` counts. */
  #keepAlive(bytes: Buffer, from: number, to: number): void {
    const match = this.keepAliveMs >= 0 ? null : TIMEOUT.exec(bytes.toString("latin1", from, to));
    if (match !== null) this.keepAliveMs = Number(match[1]) * 1000;
  }

  #length(bytes: Buffer, from: number, to: number): void {
    if (this.contentLength >= 0) throw malformed("repeated Content-Length");
    if (this.isEncoded) throw malformed("Content-Length and Transfer-Encoding");
    let end = to;
    while (end > from && bytes[end - 1] === SPACE) end--;
    if (end === from) throw malformed("invalid Content-Length");
    let length = 0;
    for (let at = from; at < end; at++) {
      const byte = bytes[at]!;
      if (!isDigit(byte)) throw malformed("invalid Content-Length");
      length = length * 10 + (byte - 0x30);
    }
    if (!Number.isSafeInteger(length)) throw malformed("Content-Length is too large");
    this.contentLength = length;
  }

  /** A repeated header replaces the earlier one, as in llhttp. */
  #encoding(bytes: Buffer, from: number, to: number): void {
    if (this.contentLength >= 0) throw malformed("Content-Length and Transfer-Encoding");
    this.isEncoded = true;
    this.isChunked = listEndsWith(bytes, from, to, "chunked");
  }
}

/**
 * Refuses a trailer that would describe the body.
 *
 * @throws {EgressError} `protocol`.
 */
export function checkTrailer(bytes: Buffer, nameStart: number, nameEnd: number): void {
  const isFraming =
    isWord(bytes, nameStart, nameEnd, "content-length") || isWord(bytes, nameStart, nameEnd, "transfer-encoding");
  if (isFraming) throw malformed("a trailer describes the body");
}
