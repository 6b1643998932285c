import { checkTrailer, CR, Framing, isDigit, isSpace, LF, SPACE, TOKEN, VALUE } from "./framing.ts";
import { malformed, tooLarge } from "./malformed.ts";

// States of the scanner. A field is a header or, after a chunked body, a trailer.
const BEFORE = 0;
const STATUS_LINE = 1;
const REASON = 2;
const FIELD = 3;
const NAME = 4;
const VALUE_START = 5;
const IN_VALUE = 6;
const LINE_LF = 7;
const LAST_LF = 8;
const DONE = 9;

const PREFIX = "HTTP/";
/** Bytes of `HTTP/1.1 200`. */
const STATUS_LINE_LENGTH = 12;
/** Versions that llhttp accepts, times ten. Only 1.1 keeps the connection open by default. */
const VERSIONS: ReadonlySet<number> = new Set([9, 10, 11, 20]);

/**
 * Scans the head of a response, or the trailers of a chunked body, in as many pieces as it arrives in. Strict: every
 * line ends with CRLF, no header is folded, and the length of the body is given once.
 *
 * Offsets refer to the array passed to {@link HeadScanner.scan}. When the bytes move to another array before the head
 * is complete, call {@link HeadScanner.rebase}.
 */
export class HeadScanner {
  status = 0;
  /** Version times ten: 11 is HTTP/1.1. */
  version = 0;
  readonly framing = new Framing();
  /** Offset of the first byte. */
  start = 0;
  /** For each header: start and end of the name, start and end of the value. */
  readonly #fields: number[] = [];
  readonly #maxBytes: number;
  #state = BEFORE;
  #count = 0;
  #nameStart = 0;
  #nameEnd = 0;
  #valueStart = 0;
  /** Bytes of names and values so far. */
  #size = 0;
  #isTrailer = false;

  /** @param maxBytes Names and values must be shorter than this in total; the whole head, four times as long. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Prepares for a head that starts at this offset. */
  reset(start: number): void {
    this.start = start;
    this.#state = BEFORE;
    this.#count = this.#size = this.status = 0;
    this.#isTrailer = false;
    this.framing.reset();
  }

  /** Prepares for trailers that start at this offset. They are checked and discarded. */
  startTrailers(start: number): void {
    this.start = start;
    this.#state = FIELD;
    this.#count = this.#size = 0;
    this.#isTrailer = true;
  }

  /** Adjusts the offsets after the bytes from `start` on were moved to the beginning of another array. */
  rebase(): void {
    const { start } = this;
    for (let index = 0; index < this.#count; index++) this.#fields[index]! -= start;
    this.#nameStart -= start;
    this.#nameEnd -= start;
    this.#valueStart -= start;
    this.start = 0;
  }

  /**
   * Continues at `from`.
   *
   * @returns The offset after the head; -1 when more bytes are needed.
   * @throws {EgressError} `protocol` or `headers_too_large`.
   */
  scan(bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to) {
      at = this.#step(bytes, at, to);
      if (this.#state === DONE) return at;
    }
    const open = this.#state === NAME ? to - this.#nameStart : this.#state === IN_VALUE ? to - this.#valueStart : 0;
    if (this.#size + open >= this.#maxBytes || to - this.start > 4 * this.#maxBytes) throw tooLarge(this.#maxBytes);
    return -1;
  }

  /** Names and values alternate, as Latin-1, so that every byte is preserved. */
  headers(bytes: Buffer): string[] {
    const fields = this.#fields;
    const count = this.#count;
    if (count === 0) return [];
    const base = fields[0]!;
    const text = bytes.toString("latin1", base, fields[count - 1]);
    const out: string[] = [];
    for (let index = 0; index < count; index += 2) {
      out.push(text.slice(fields[index]! - base, fields[index + 1]! - base));
    }
    return out;
  }

  #step(bytes: Buffer, at: number, to: number): number {
    switch (this.#state) {
      case BEFORE:
        return this.#before(bytes, at, to);
      case STATUS_LINE:
        return this.#statusLine(bytes, at);
      case REASON:
        return this.#reason(bytes, at, to);
      case FIELD:
        return this.#field(bytes, at);
      case NAME:
        return this.#name(bytes, at, to);
      case VALUE_START:
        return this.#beforeValue(bytes, at, to);
      case IN_VALUE:
        return this.#value(bytes, at, to);
      case LINE_LF:
        return this.#lineFeed(bytes, at, FIELD);
      default:
        return this.#lineFeed(bytes, at, DONE);
    }
  }

  /** Skips empty lines before the status line (RFC 9112 section 2.2). */
  #before(bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to && (bytes[at] === CR || bytes[at] === LF)) at++;
    this.start = at;
    if (at < to) this.#state = STATUS_LINE;
    return at;
  }

  /** Reads one byte at a time, so that data that is not HTTP is rejected before its first line ends. */
  #statusLine(bytes: Buffer, at: number): number {
    const byte = bytes[at]!;
    const place = at - this.start;
    if (place < PREFIX.length) {
      if (byte !== PREFIX.charCodeAt(place)) throw malformed("the response does not start with HTTP/");
    } else if (place === 6 ? byte !== 0x2e : place === 8 ? byte !== SPACE : !isDigit(byte)) {
      throw malformed("invalid status line");
    } else if (place === 5) {
      this.version = (byte - 0x30) * 10;
    } else if (place === 7) {
      this.version += byte - 0x30;
      if (!VERSIONS.has(this.version)) throw malformed("invalid HTTP version");
    } else if (place > 8) {
      this.status = this.status * 10 + (byte - 0x30);
    }
    if (place === STATUS_LINE_LENGTH - 1) this.#endStatus();
    return at + 1;
  }

  #endStatus(): void {
    if (this.status < 100) throw malformed("invalid status code");
    this.#state = REASON;
  }

  #reason(bytes: Buffer, from: number, to: number): number {
    const first = bytes[from];
    if (from === this.start + STATUS_LINE_LENGTH && first !== SPACE && first !== CR) {
      throw malformed("invalid status code");
    }
    let at = from;
    while (at < to && bytes[at] !== CR && bytes[at] !== LF) at++;
    if (at === to) return at;
    if (bytes[at] === LF) throw malformed("a line feed without a carriage return");
    this.#state = LINE_LF;
    return at + 1;
  }

  #lineFeed(bytes: Buffer, at: number, next: number): number {
    if (bytes[at] !== LF) throw malformed("a carriage return without a line feed");
    this.#state = next;
    return at + 1;
  }

  #field(bytes: Buffer, at: number): number {
    const byte = bytes[at]!;
    if (byte === CR) {
      this.#state = LAST_LF;
      return at + 1;
    }
    if (TOKEN[byte] !== 1) throw malformed(isSpace(byte) ? "a folded header" : "invalid header name");
    this.#nameStart = at;
    this.#state = NAME;
    return at + 1;
  }

  #name(bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to && TOKEN[bytes[at]!] === 1) at++;
    if (at === to) return at;
    if (bytes[at] !== 0x3a) throw malformed("invalid header name");
    this.#nameEnd = at;
    this.#state = VALUE_START;
    return at + 1;
  }

  #beforeValue(bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to && isSpace(bytes[at])) at++;
    if (at === to) return at;
    this.#valueStart = at;
    this.#state = IN_VALUE;
    return at;
  }

  #value(bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to && VALUE[bytes[at]!] === 1) at++;
    if (at === to) return at;
    if (bytes[at] !== CR) throw malformed("invalid character in a header value");
    this.#endField(bytes, at);
    this.#state = LINE_LF;
    return at + 1;
  }

  #endField(bytes: Buffer, end: number): void {
    const nameStart = this.#nameStart;
    const nameEnd = this.#nameEnd;
    const valueStart = this.#valueStart;
    this.#size += nameEnd - nameStart + end - valueStart;
    if (this.#size >= this.#maxBytes) throw tooLarge(this.#maxBytes);
    if (this.#isTrailer) return checkTrailer(bytes, nameStart, nameEnd);
    const fields = this.#fields;
    const count = this.#count;
    fields[count] = nameStart;
    fields[count + 1] = nameEnd;
    fields[count + 2] = valueStart;
    fields[count + 3] = end;
    this.#count = count + 4;
    this.framing.add(bytes, nameStart, nameEnd, valueStart, end);
  }
}
