/**
 * Incremental JSON syntax check, so that a large body never blocks the event loop. Also finds the parts that are only stored and need
 * no parsing. `JSON.parse` takes 0.1 µs per nesting level and up to 1 µs per name, which adds up to a second for 16 MB of either.
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

/** Expected next token. With the stack of open containers, this is the whole state of a scan between two steps. */
const State = {
  value: 0,
  valueOrEnd: 1,
  key: 2,
  keyOrEnd: 3,
  colon: 4,
  /** A comma, or the end of the container or text. */
  next: 5,
  string: 6,
  escape: 7,
  hex: 8,
  literal: 9,
  minus: 10,
  zero: 11,
  integer: 12,
  point: 13,
  fraction: 14,
  exponent: 15,
  exponentSign: 16,
  exponentDigits: 17,
} as const;

const NONE: ReadonlySet<string> = new Set();
/** Maximum bytes of an opaque or list member's name. */
const MAX_NAME = 64;

export interface ScanOptions {
  /** Members of the top-level object whose values are only stored: their syntax is checked, but no limit applies to them. */
  readonly opaque?: ReadonlySet<string>;
  /** Member of the top-level object that is a list whose items are parsed one by one. */
  readonly list?: string | null;
  /** Maximum values outside of opaque members. */
  readonly maxValues?: number;
  /** Maximum nesting of objects and lists outside of opaque members. */
  readonly maxDepth?: number;
}

export type Fault =
  /** `at`: offset of the first invalid byte; the length of the text if it is incomplete. */
  | { readonly kind: "syntax"; readonly at: number }
  /** `member`: the member of the top-level object that exceeds the limit. */
  | { readonly kind: "deep" | "wide"; readonly member: string | null };

/** Byte range, `end` excluded. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export class JsonScanner {
  /** Ranges of opaque values and list items, in text order. */
  readonly cuts: Range[] = [];
  /** Ranges of the list's items that are objects or lists. If the member is repeated, the last one counts, as in `JSON.parse`. */
  items: Range[] = [];
  /** Why the text is rejected; `null`: no fault so far. */
  fault: Fault | null = null;
  readonly #bytes: Uint8Array;
  readonly #opaque: ReadonlySet<string>;
  readonly #list: string | null;
  readonly #maxValues: number;
  readonly #maxDepth: number;
  #at = 0;
  #state: number = State.value;
  #depth = 0;
  /** 1 for each open object, 0 for each open list. */
  #open = new Uint8Array(64);
  #values = 0;
  /** Whether the current string is a member name. */
  #isName = false;
  #stringStart = 0;
  #hexLeft = 0;
  #literal = "";
  #literalAt = 0;
  #member: string | null = null;
  #isInList = false;
  /** Depth at which the current opaque value or item began; -1: there is none. */
  #cutDepth = -1;
  #cutStart = 0;

  constructor(bytes: Uint8Array, options: ScanOptions = {}) {
    const { opaque = NONE, list = null, maxValues = Infinity, maxDepth = Infinity } = options;
    this.#bytes = bytes;
    this.#opaque = opaque;
    this.#list = list;
    this.#maxValues = maxValues;
    this.#maxDepth = maxDepth;
  }

  /** Scans up to `count` more bytes. Returns whether the scan is complete: at the end of the text or at a fault. */
  advance(count: number): boolean {
    const end = Math.min(this.#bytes.length, this.#at + count);
    while (this.#at < end && this.fault === null) this.#step(end);
    if (this.fault === null && this.#at >= this.#bytes.length) this.#finish();
    return this.fault !== null || this.#at >= this.#bytes.length;
  }

  #finish(): void {
    const { zero, integer, fraction, exponentDigits, next } = State;
    const isWhole = ([zero, integer, fraction, exponentDigits, next] as readonly number[]).includes(this.#state);
    if (this.#depth > 0 || !isWhole) this.#fail();
  }

  #fail(): void {
    this.fault = { kind: "syntax", at: this.#at };
  }

  /** Consumes the next byte; in strings and numbers also the run of similar bytes that follows. */
  #step(end: number): void {
    const bytes = this.#bytes;
    const byte = bytes[this.#at]!;
    switch (this.#state) {
      case State.string:
        return this.#inString(end);
      case State.escape:
        return this.#inEscape(byte);
      case State.hex:
        if (!isHex(byte)) return this.#fail();
        if (--this.#hexLeft === 0) this.#state = State.string;
        this.#at++;
        return;
      case State.literal:
        if (byte !== this.#literal.charCodeAt(this.#literalAt)) return this.#fail();
        if (++this.#literalAt === this.#literal.length) this.#state = State.next;
        this.#at++;
        return;
      case State.minus:
      case State.zero:
      case State.integer:
      case State.point:
      case State.fraction:
      case State.exponent:
      case State.exponentSign:
      case State.exponentDigits:
        return this.#inNumber(byte, end);
    }
    if (byte <= SPACE) {
      if (byte !== SPACE && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return this.#fail();
      this.#at++;
      return;
    }
    this.#punctuation(byte);
  }

  #punctuation(byte: number): void {
    switch (this.#state) {
      case State.value:
        return this.#value(byte);
      case State.valueOrEnd:
        return byte === CLOSE_BRACKET ? this.#close() : this.#value(byte);
      case State.keyOrEnd:
        return byte === CLOSE_BRACE ? this.#close() : this.#key(byte);
      case State.key:
        return this.#key(byte);
      case State.colon:
        if (byte !== COLON) return this.#fail();
        this.#state = State.value;
        this.#at++;
        return;
      default:
        return this.#next(byte);
    }
  }

  #key(byte: number): void {
    if (byte !== QUOTE) return this.#fail();
    this.#isName = true;
    this.#beginString();
  }

  #next(byte: number): void {
    if (this.#depth === 0) return this.#fail();
    const isObject = this.#open[this.#depth - 1] === 1;
    if (byte === COMMA) {
      this.#state = isObject ? State.key : State.value;
      this.#at++;
    } else if (byte === (isObject ? CLOSE_BRACE : CLOSE_BRACKET)) this.#close();
    else this.#fail();
  }

  #value(byte: number): void {
    if (this.#cutDepth === -1 && ++this.#values > this.#maxValues) {
      this.fault = { kind: "wide", member: this.#member };
      return;
    }
    if (byte === QUOTE) {
      this.#isName = false;
      if (this.#cutDepth === -1 && this.#isOpaqueHere()) this.#beginCut();
      this.#beginString();
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#openContainer(byte === OPEN_BRACE);
    else if (byte === MINUS) this.#begin(State.minus);
    else if (byte === ZERO) this.#begin(State.zero);
    else if (byte > ZERO && byte <= NINE) this.#begin(State.integer);
    else {
      this.#literal = byte === 0x74 ? "true" : byte === 0x66 ? "false" : byte === 0x6e ? "null" : "";
      if (this.#literal === "") return this.#fail();
      this.#literalAt = 1;
      this.#begin(State.literal);
    }
  }

  #begin(state: number): void {
    this.#state = state;
    this.#at++;
  }

  #isOpaqueHere(): boolean {
    return this.#depth === 1 && this.#member !== null && this.#opaque.has(this.#member);
  }

  #beginCut(): void {
    this.#cutDepth = this.#depth;
    this.#cutStart = this.#at;
  }

  /** Ends the opaque value or item that ends at `end`. */
  #endCut(end: number): void {
    const range = { start: this.#cutStart, end };
    this.cuts.push(range);
    if (this.#cutDepth === 2) this.items.push(range);
    this.#cutDepth = -1;
  }

  #openContainer(isObject: boolean): void {
    if (this.#cutDepth === -1) {
      if (this.#depth >= this.#maxDepth) {
        this.fault = { kind: "deep", member: this.#member };
        return;
      }
      if (this.#isOpaqueHere() || (this.#isInList && this.#depth === 2)) this.#beginCut();
      else if (this.#depth === 1 && !isObject && this.#list !== null && this.#member === this.#list) {
        this.#isInList = true;
        this.items = [];
      }
    }
    if (this.#depth === this.#open.length) {
      const grown = new Uint8Array(this.#open.length * 2);
      grown.set(this.#open);
      this.#open = grown;
    }
    this.#open[this.#depth++] = isObject ? 1 : 0;
    this.#begin(isObject ? State.keyOrEnd : State.valueOrEnd);
  }

  #close(): void {
    this.#depth--;
    this.#begin(State.next);
    if (this.#depth === this.#cutDepth) this.#endCut(this.#at);
    else if (this.#depth === 1) this.#isInList = false;
  }

  #beginString(): void {
    this.#stringStart = this.#at;
    this.#begin(State.string);
  }

  #inString(end: number): void {
    const bytes = this.#bytes;
    let at = this.#at;
    let byte = bytes[at]!;
    while (byte >= SPACE && byte !== QUOTE && byte !== BACKSLASH && ++at < end) byte = bytes[at]!;
    this.#at = at;
    if (at >= end) return;
    if (byte === BACKSLASH) this.#begin(State.escape);
    else if (byte === QUOTE) this.#endString();
    else this.#fail();
  }

  #endString(): void {
    this.#begin(this.#isName ? State.colon : State.next);
    if (this.#isName) {
      if (this.#depth === 1) this.#member = this.#name();
    } else if (this.#depth === this.#cutDepth) this.#endCut(this.#at);
  }

  /** The name that has just ended, truncated if it is longer than any relevant name. */
  #name(): string {
    const name = Buffer.from(
      this.#bytes.buffer,
      this.#bytes.byteOffset + this.#stringStart,
      this.#at - this.#stringStart,
    );
    if (name.length > MAX_NAME * 6) return name.toString("utf8", 1, MAX_NAME);
    return name.includes(BACKSLASH)
      ? (JSON.parse(name.toString("utf8")) as string)
      : name.toString("utf8", 1, name.length - 1);
  }

  #inEscape(byte: number): void {
    if (byte === 0x75) {
      this.#hexLeft = 4;
      this.#begin(State.hex);
    } else if (isShortEscape(byte)) this.#begin(State.string);
    else this.#fail();
  }

  #inNumber(byte: number, end: number): void {
    const { minus, zero, integer, point, fraction, exponent, exponentSign, exponentDigits } = State;
    const isDigit = byte >= ZERO && byte <= NINE;
    const state = this.#state;
    if (state === minus) return isDigit ? this.#begin(byte === ZERO ? zero : integer) : this.#fail();
    if (state === point) return isDigit ? this.#begin(fraction) : this.#fail();
    if (state === exponent && (byte === PLUS || byte === MINUS)) return this.#begin(exponentSign);
    if (state === exponent || state === exponentSign) return isDigit ? this.#begin(exponentDigits) : this.#fail();
    if (isDigit && state !== zero) return this.#skipDigits(end);
    if (byte === DOT && (state === zero || state === integer)) return this.#begin(point);
    if ((byte | 0x20) === 0x65 && state !== exponentDigits) return this.#begin(exponent);
    // The number has ended before this byte.
    this.#state = State.next;
  }

  #skipDigits(end: number): void {
    const bytes = this.#bytes;
    let at = this.#at + 1;
    while (at < end && bytes[at]! >= ZERO && bytes[at]! <= NINE) at++;
    this.#at = at;
  }
}

function isHex(byte: number): boolean {
  const lower = byte | 0x20;
  return (byte >= ZERO && byte <= NINE) || (lower >= 0x61 && lower <= 0x66);
}

/** `"`, `\`, `/`, `b`, `f`, `n`, `r` or `t`. */
function isShortEscape(byte: number): boolean {
  return '"\\/bfnrt'.includes(String.fromCharCode(byte));
}

/** Offset of the first invalid byte; the length of the text if it is incomplete or valid. */
export function findMistake(json: Uint8Array): number {
  const scanner = new JsonScanner(json);
  scanner.advance(json.length);
  return scanner.fault?.kind === "syntax" ? scanner.fault.at : json.length;
}
