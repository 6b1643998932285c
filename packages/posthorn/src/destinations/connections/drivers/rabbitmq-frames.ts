/**
 * Frames of AMQP 0-9-1 that publish a message (sections 2.3 and 4.2 of the specification). The client's own encoder takes several times as
 * long: it measures and copies every text twice, and allocates a buffer for each part.
 */
import type { KindMessage } from "../../kind.ts";
import { closed, quoted, refused, ResultError } from "../driver.ts";

export interface FrameOptions {
  readonly channel: number;
  readonly exchange: string;
  readonly routingKey: string;
  /** Largest frame that the broker accepts, in bytes. */
  readonly maxBytes: number;
}

const METHOD = 1;
const HEADER = 2;
const BODY = 3;
const END = 0xce;
/** Type, channel and size before the content of a frame. */
const START_BYTES = 7;
/** With the byte at its end. */
const FRAME_BYTES = START_BYTES + 1;
const BASIC = 60;
const PUBLISH = 40;
/** The broker returns a message that it cannot route. */
const MANDATORY = 1;
const DURABLE = 2;
/** Content type, headers, delivery mode, correlation ID, message ID, timestamp and type, in this order. */
const PROPERTIES = 0b1011_0100_1110_0000;
/** Bytes of a header frame besides its texts, and of a header besides name and value. */
const FIXED_BYTES = 64;
const PAIR_BYTES = 6;
const MAX_SHORT = 255;
/** A character takes up to three bytes of UTF-8 per unit of its text. */
const MAX_UNIT_BYTES = 3;
/** The upper bits of every byte of a character in UTF-8 but the first. */
const CONTINUATION = 0x80;
const CONTINUATION_MASK = 0xc0;
const LONG_STRING = 0x53;
const TWO_32 = 2 ** 32;

export class PublishFrames {
  readonly #channel: number;
  readonly #maxBytes: number;
  /** The same for all messages. */
  readonly #method: Buffer;
  #bytes = Buffer.allocUnsafeSlow(4096);
  #at = 0;

  constructor({ channel, exchange, routingKey, maxBytes }: FrameOptions) {
    this.#channel = channel;
    this.#maxBytes = maxBytes;
    const long = [exchange, routingKey].find((name) => Buffer.byteLength(name) > MAX_SHORT);
    if (long !== undefined) {
      const sentence = `RabbitMQ accepts names of up to ${MAX_SHORT} bytes, and "${quoted(long)}" is longer. Change the exchange or the routing key of the endpoint.`;
      throw new ResultError(closed("target_not_found", sentence));
    }
    this.#room(FIXED_BYTES + MAX_UNIT_BYTES * (exchange.length + routingKey.length));
    this.#frame(METHOD, () => {
      this.#short(BASIC);
      this.#short(PUBLISH);
      this.#short(0);
      this.#shortText(exchange);
      this.#shortText(routingKey);
      this.#bytes[this.#at++] = MANDATORY;
    });
    this.#method = Buffer.from(this.#bytes.subarray(0, this.#at));
  }

  /** Throws a `ResultError` if the protocol cannot express the message. */
  of(message: KindMessage, correlationId: string): Buffer {
    const { body } = message;
    const { length } = this.#method;
    const headerBytes = this.#header(message, correlationId);
    const most = this.#maxBytes - FRAME_BYTES;
    const bodyBytes = body.byteLength + Math.ceil(body.byteLength / most) * FRAME_BYTES;
    const bytes = Buffer.allocUnsafe(length + headerBytes + bodyBytes);
    this.#method.copy(bytes);
    this.#bytes.copy(bytes, length, 0, headerBytes);
    let at = length + headerBytes;
    for (let from = 0; from < body.byteLength; from += most) {
      const part = body.subarray(from, from + most);
      this.#start(bytes, at, BODY, part.byteLength);
      bytes.set(part, at + START_BYTES);
      at += FRAME_BYTES + part.byteLength;
      bytes[at - 1] = END;
    }
    return bytes;
  }

  /** Writes the header frame to the start of the buffer. @returns Its size. */
  #header(message: KindMessage, correlationId: string): number {
    const { id, eventType, contentType, createdAt, body } = message;
    // A table names each header once: the last one counts.
    const attributes = [...new Map(message.attributes)];
    let units = id.length + eventType.length + contentType.length + correlationId.length;
    for (const [name, value] of attributes) units += PAIR_BYTES + name.length + value.length;
    this.#room(FIXED_BYTES + MAX_UNIT_BYTES * units);
    this.#frame(HEADER, () => {
      this.#short(BASIC);
      this.#short(0);
      this.#longLong(body.byteLength);
      this.#short(PROPERTIES);
      this.#shortText(cut(contentType));
      this.#table(attributes);
      this.#bytes[this.#at++] = DURABLE;
      this.#shortText(correlationId);
      this.#shortText(id);
      this.#longLong(Math.floor(createdAt / 1000));
      this.#shortText(cut(eventType));
    });
    if (this.#at > this.#maxBytes) {
      const sentence = `The headers of the message take ${this.#at} bytes, and the broker accepts up to ${this.#maxBytes} (frame_max). Remove headers of the endpoint, or raise the limit of the broker.`;
      throw new ResultError(refused("message_too_large", sentence));
    }
    return this.#at;
  }

  #table(attributes: KindMessage["attributes"]): void {
    const start = this.#at;
    this.#at += 4;
    for (const [name, value] of attributes) {
      this.#shortText(name);
      this.#bytes[this.#at] = LONG_STRING;
      const size = this.#bytes.write(value, this.#at + 5);
      this.#bytes.writeUInt32BE(size, this.#at + 1);
      this.#at += 5 + size;
    }
    this.#bytes.writeUInt32BE(this.#at - start - 4, start);
  }

  #frame(type: number, write: () => void): void {
    this.#at = START_BYTES;
    write();
    this.#start(this.#bytes, 0, type, this.#at - START_BYTES);
    this.#bytes[this.#at++] = END;
  }

  #start(bytes: Buffer, at: number, type: number, size: number): void {
    bytes[at] = type;
    bytes.writeUInt16BE(this.#channel, at + 1);
    bytes.writeUInt32BE(size, at + 3);
  }

  #shortText(text: string): void {
    const size = this.#bytes.write(text, this.#at + 1);
    if (size > MAX_SHORT) {
      const sentence = `The name "${quoted(text)}" takes ${size} bytes, and RabbitMQ accepts up to ${MAX_SHORT}. Change the headers of the endpoint.`;
      throw new ResultError(refused("message_invalid", sentence));
    }
    this.#bytes[this.#at] = size;
    this.#at += 1 + size;
  }

  #short(value: number): void {
    this.#at = this.#bytes.writeUInt16BE(value, this.#at);
  }

  #longLong(value: number): void {
    this.#at = this.#bytes.writeUInt32BE(Math.floor(value / TWO_32), this.#at);
    this.#at = this.#bytes.writeUInt32BE(value % TWO_32, this.#at);
  }

  #room(bytes: number): void {
    if (this.#bytes.byteLength < bytes) this.#bytes = Buffer.allocUnsafeSlow(2 * bytes);
  }
}

/** The longest beginning of a text that fits, without half a character. */
function cut(text: string): string {
  // Almost all texts are so short that they need not be measured.
  if (text.length * MAX_UNIT_BYTES <= MAX_SHORT || Buffer.byteLength(text) <= MAX_SHORT) return text;
  const bytes = Buffer.from(text);
  let end = MAX_SHORT;
  while ((bytes[end]! & CONTINUATION_MASK) === CONTINUATION) end--;
  return bytes.toString("utf8", 0, end);
}
