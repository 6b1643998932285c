import { CR, HTAB, LF, SPACE, TOKEN } from "./framing.ts";
import { malformed } from "./malformed.ts";

// States of the decoder.
const SIZE_START = 0;
const SIZE = 1;
const EXTENSION_START = 2;
const EXTENSION_NAME = 3;
const EXTENSION_VALUE = 4;
const QUOTED = 5;
const QUOTED_PAIR = 6;
const QUOTED_END = 7;
const SIZE_LF = 8;
const DATA = 9;
const DATA_CR = 10;
const DATA_LF = 11;
const LAST = 12;

const SEMICOLON = 0x3b;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Bytes of one line with a chunk size. Only its extensions can be long. */
const MAX_LINE = 16_384;

/** Decodes the framing of a chunked body (RFC 9112 section 7.1), without its trailers, in as many pieces as it arrives in. */
export class ChunkDecoder {
  #state = SIZE_START;
  /** Bytes of the current chunk that have not arrived yet. */
  left = 0;
  #line = 0;

  reset(): void {
    this.#state = SIZE_START;
    this.left = this.#line = 0;
  }

  /** The last chunk has been read; the trailers follow. */
  get isLast(): boolean {
    return this.#state === LAST;
  }

  get isData(): boolean {
    return this.#state === DATA;
  }

  /** Call with the number of bytes of the current chunk that were read. */
  take(count: number): void {
    this.left -= count;
    if (this.left === 0) this.#state = DATA_CR;
  }

  /**
   * Reads framing until data or the trailers follow.
   *
   * @returns The offset of the first byte after the framing.
   * @throws {EgressError} `protocol`.
   */
  skip(bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to && this.#state !== DATA && this.#state !== LAST) {
      if (this.#state === EXTENSION_NAME || this.#state === EXTENSION_VALUE) at = this.#tokens(bytes, at, to);
      if (at < to) this.#step(bytes[at++]!);
    }
    return at;
  }

  #tokens(bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to && TOKEN[bytes[at]!] === 1) at++;
    this.#line += at - from;
    if (this.#line > MAX_LINE) throw malformed("the line of a chunk size is too long");
    return at;
  }

  #step(byte: number): void {
    switch (this.#state) {
      case SIZE_START:
      case SIZE:
        return this.#size(byte);
      case SIZE_LF:
        if (byte !== LF) throw malformed("a chunk size is not followed by CRLF");
        this.#line = 0;
        this.#state = this.left === 0 ? LAST : DATA;
        return;
      case DATA_CR:
        if (byte !== CR) throw malformed("a chunk is longer than its size");
        this.#state = DATA_LF;
        return;
      case DATA_LF:
        if (byte !== LF) throw malformed("a chunk is not followed by CRLF");
        this.#state = SIZE_START;
        return;
      default:
        return this.#extension(byte);
    }
  }

  #size(byte: number): void {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      const size = this.#state === SIZE_START ? digit : this.left * 16 + digit;
      if (!Number.isSafeInteger(size)) throw malformed("a chunk size is too large");
      this.left = size;
      this.#state = SIZE;
      this.#countLine();
    } else if (this.#state === SIZE && byte === CR) {
      this.#state = SIZE_LF;
    } else if (this.#state === SIZE && byte === SEMICOLON) {
      this.#state = EXTENSION_START;
    } else {
      throw malformed("invalid chunk size");
    }
  }

  #countLine(): void {
    if (++this.#line > MAX_LINE) throw malformed("the line of a chunk size is too long");
  }

  #extension(byte: number): void {
    this.#countLine();
    const state = this.#state;
    if (state === QUOTED) this.#quoted(byte);
    else if (state === QUOTED_PAIR && isQuotable(byte)) this.#state = QUOTED;
    else if (state === QUOTED_PAIR) throw malformed("invalid chunk extension");
    else if (byte === SEMICOLON) this.#state = EXTENSION_START;
    else if (byte === CR && state !== EXTENSION_START) this.#state = SIZE_LF;
    else if (state === QUOTED_END) throw malformed("invalid chunk extension");
    else if (state === EXTENSION_VALUE && byte === QUOTE) this.#state = QUOTED;
    else if (state !== EXTENSION_VALUE && byte === 0x3d) this.#state = EXTENSION_VALUE;
    else if (TOKEN[byte] !== 1) throw malformed("invalid chunk extension");
    else if (state === EXTENSION_START) this.#state = EXTENSION_NAME;
  }

  #quoted(byte: number): void {
    if (byte === QUOTE) this.#state = QUOTED_END;
    else if (byte === BACKSLASH) this.#state = QUOTED_PAIR;
    else if (!isQuotable(byte)) throw malformed("invalid chunk extension");
  }
}

function isQuotable(byte: number): boolean {
  return byte === HTAB || (byte >= SPACE && byte !== 0x7f);
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
