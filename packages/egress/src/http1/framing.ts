import { isDigit, isWord, listEndsWith, listHas, SPACE } from "./bytes.ts";
import { malformed } from "./malformed.ts";

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
