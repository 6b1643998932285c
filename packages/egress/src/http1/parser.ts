import { ChunkDecoder } from "./chunks.ts";
import { HeadScanner } from "./head.ts";
import { malformed } from "./malformed.ts";

// States of the parser.
const IDLE = 0;
const HEAD = 1;
const FIXED = 2;
const CHUNKED = 3;
const TRAILERS = 4;
const UNTIL_CLOSE = 5;
const CLOSED = 6;

/** Receives a response as it is parsed. */
export interface ResponseSink {
  /** An informational response (1xx) was received. */
  onInformational(): void;
  /** The head was received. The headers are a flat list of names and values. */
  onHead(status: number, headers: string[]): void;
  /** Part of the body was received: the bytes from `from` to `to`, which are valid only during the call. */
  onBody(bytes: Buffer, from: number, to: number): void;
  /** The response is complete. `isReusable`: another request may be sent on the connection. */
  onEnd(isReusable: boolean): void;
}

const EMPTY = Buffer.alloc(0);

/**
 * Parser of HTTP/1.1 responses on one connection, which serves one request at a time. Strict and incremental; it keeps
 * at most one head. It works on bytes only and knows no socket.
 */
export class ResponseParser {
  readonly #head: HeadScanner;
  readonly #chunks = new ChunkDecoder();
  #state = IDLE;
  #sink: ResponseSink | null = null;
  #isHead = false;
  /** Bytes of a fixed body that have not arrived yet. */
  #left = 0;
  /** The peer keeps the connection open after the current response. Valid once its head was received. */
  #keepsAlive = false;
  /** Start of a head that has not arrived completely. */
  #carry: Buffer = EMPTY;
  #carried = 0;

  /** @param maxHeaderBytes Maximum size of a head. */
  constructor(maxHeaderBytes: number) {
    this.#head = new HeadScanner(maxHeaderBytes);
  }

  /** Milliseconds that the peer announced to keep an idle connection, in its latest response; -1 when it did not. */
  get keepAliveMs(): number {
    return this.#head.framing.keepAliveMs;
  }

  /**
   * Prepares for the response to a request.
   *
   * @param isHead Whether the method is HEAD: the response has no body, and the connection is closed after it.
   */
  begin(sink: ResponseSink, isHead: boolean): void {
    this.#sink = sink;
    this.#isHead = isHead;
    this.#carried = 0;
    this.#state = HEAD;
    this.#head.reset(0);
  }

  /** Ignores everything from now on. May be called from the sink. */
  close(): void {
    this.#state = CLOSED;
    this.#sink = null;
    this.#carry = EMPTY;
    this.#carried = 0;
  }

  /**
   * Parses the first `length` bytes and calls the sink.
   *
   * @throws {EgressError} `protocol` or `headers_too_large`. The connection must then be closed.
   */
  execute(chunk: Buffer, length: number): void {
    if (this.#state === CLOSED) return;
    let bytes = chunk;
    let at = 0;
    let to = length;
    if (this.#carried > 0) {
      at = this.#carried;
      bytes = this.#append(chunk, length);
      to = this.#carried;
    }
    while (at < to) {
      const next = this.#advance(bytes, at, to);
      if (this.#state === CLOSED || this.#state === IDLE) return;
      if (next < 0) return this.#keep(bytes, to);
      at = next;
    }
    this.#carried = 0;
    this.#head.start = 0;
  }

  /**
   * The peer closed its side of the connection.
   *
   * @returns Whether that ended a response properly, in which case the sink has been called.
   */
  finish(): boolean {
    if (this.#state !== UNTIL_CLOSE) return false;
    this.#end(false);
    return true;
  }

  /** Whether the peer announced that it would close the connection, so that its end is not a reset. */
  get isClosing(): boolean {
    return this.#state >= FIXED && this.#state <= UNTIL_CLOSE && !this.#keepsAlive;
  }

  #advance(bytes: Buffer, at: number, to: number): number {
    switch (this.#state) {
      case HEAD:
        return this.#scanHead(bytes, at, to);
      case FIXED:
        return this.#fixed(bytes, at, to);
      case CHUNKED:
        return this.#chunked(bytes, at, to);
      case TRAILERS:
        return this.#trailers(bytes, at, to);
      case UNTIL_CLOSE:
        this.#sink!.onBody(bytes, at, to);
        return to;
      default:
        throw malformed("bytes without a request");
    }
  }

  #scanHead(bytes: Buffer, at: number, to: number): number {
    const head = this.#head;
    const end = head.scan(bytes, at, to);
    if (end < 0) return -1;
    const { status } = head;
    if (status === 100 || status === 101) throw malformed(`status ${status} was not asked for`);
    if (status < 200) {
      this.#sink!.onInformational();
      if (this.#state === HEAD) head.reset(end);
      return end;
    }
    const headers = head.headers(bytes);
    this.#frame();
    const isComplete = this.#state === HEAD;
    this.#sink!.onHead(status, headers);
    if (isComplete && this.#state === HEAD) this.#end(end === to);
    return end;
  }

  /** Determines how the body ends (RFC 9112 section 6.3). The state remains when there is none. */
  #frame(): void {
    const { status, version, framing } = this.#head;
    const { contentLength, isEncoded, isChunked, hasClose, hasKeepAlive } = framing;
    const isBodyless = this.#isHead || status === 204 || status === 304;
    const untilClose = isEncoded ? !isChunked : contentLength < 0;
    // A body after 204 or 304 would be taken for the next response.
    const mayHaveBody = isEncoded || contentLength > 0;
    this.#keepsAlive = !hasClose && (version === 11 || hasKeepAlive) && (isBodyless ? !mayHaveBody : !untilClose);
    if (isBodyless) return;
    this.#left = contentLength;
    if (isChunked) {
      this.#chunks.reset();
      this.#state = CHUNKED;
    } else if (untilClose) {
      this.#state = UNTIL_CLOSE;
    } else if (contentLength > 0) {
      this.#state = FIXED;
    }
  }

  #fixed(bytes: Buffer, at: number, to: number): number {
    const end = Math.min(to, at + this.#left);
    this.#left -= end - at;
    this.#sink!.onBody(bytes, at, end);
    if (this.#left === 0 && this.#state === FIXED) this.#end(end === to);
    return end;
  }

  #chunked(bytes: Buffer, at: number, to: number): number {
    const chunks = this.#chunks;
    if (!chunks.isData) {
      const next = chunks.skip(bytes, at, to);
      if (chunks.isLast) {
        this.#head.startTrailers(next);
        this.#state = TRAILERS;
      }
      return next;
    }
    const end = Math.min(to, at + chunks.left);
    chunks.take(end - at);
    this.#sink!.onBody(bytes, at, end);
    return end;
  }

  #trailers(bytes: Buffer, at: number, to: number): number {
    const end = this.#head.scan(bytes, at, to);
    if (end < 0) return -1;
    this.#end(end === to);
    return end;
  }

  /** @param isExact No bytes follow the response. */
  #end(isExact: boolean): void {
    const sink = this.#sink!;
    const isReusable = isExact && this.#keepsAlive && !this.#isHead;
    this.#sink = null;
    this.#carry = EMPTY;
    this.#carried = 0;
    this.#state = isReusable ? IDLE : CLOSED;
    sink.onEnd(isReusable);
  }

  #append(chunk: Buffer, length: number): Buffer {
    const size = this.#carried + length;
    if (size > this.#carry.length) {
      const grown = Buffer.allocUnsafe(Math.max(size, 2 * this.#carry.length));
      this.#carry.copy(grown, 0, 0, this.#carried);
      this.#carry = grown;
    }
    chunk.copy(this.#carry, this.#carried, 0, length);
    this.#carried = size;
    return this.#carry;
  }

  /** Keeps the bytes of an incomplete head or trailer for the next call. */
  #keep(bytes: Buffer, to: number): void {
    const { start } = this.#head;
    const size = to - start;
    if (bytes === this.#carry) {
      if (start > 0) bytes.copyWithin(0, start, to);
      this.#carried = size;
    } else {
      this.#carried = 0;
      this.#append(bytes.subarray(start, to), size);
    }
    this.#head.rebase();
  }
}
