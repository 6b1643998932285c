/**
 * Splits the stream of an MQTT broker, so that a message which is too large passes through without being held in memory. Version 3.1.1 has no
 * way to tell the broker a limit, and a broker with version 5 would silently drop the message.
 */

import { LargeBody, type LargeMessage } from "./large-messages.ts";

/** A PUBLISH packet that is too large. */
export interface LargePublish extends LargeMessage {
  readonly topic: string;
  readonly qos: 0 | 1 | 2;
  /** `undefined` with QoS 0. */
  readonly messageId: number | undefined;
}

export interface FrameHandlers {
  /** Bytes of packets of a usual size, divided arbitrarily. */
  pass(bytes: Buffer): void;
  /** A message was skipped. Called in the order of the packets. */
  large(message: LargePublish): void;
  /** Bytes of a large message have been dropped. */
  skipped(bytes: number): void;
}

const PUBLISH = 3;
const MAX_TOPIC = 65_535;
/** Bytes of a packet that are kept until its header is read: the longest topic, the packet identifier, and properties of a usual size. */
const KEPT = MAX_TOPIC + 4 + 64 * 1024;

interface LargePacket {
  readonly flags: number;
  readonly length: number;
  readonly kept: Buffer[];
  keptBytes: number;
  /** `null`: the header has not been read. */
  publish: (Pick<LargePublish, "topic" | "qos" | "messageId" | "bytes"> & { readonly body: LargeBody }) | null;
}

export class MqttFrames {
  readonly #maxBytes: number;
  readonly #version: 4 | 5;
  readonly #handlers: FrameHandlers;
  /** Bytes of a fixed header that is not complete. */
  #header: number[] = [];
  /** Bytes of the current packet that are still to come. */
  #rest = 0;
  /** Set while a large packet is skipped. */
  #large: LargePacket | null = null;

  constructor(maxBytes: number, version: 4 | 5, handlers: FrameHandlers) {
    this.#maxBytes = maxBytes;
    this.#version = version;
    this.#handlers = handlers;
  }

  push(chunk: Buffer): void {
    let passFrom = 0;
    let at = 0;
    // The header of a packet may have begun in the chunk before. It is handed on only when it is complete.
    let headerFrom = 0;
    const passUntil = (end: number): void => {
      if (end > passFrom) this.#handlers.pass(chunk.subarray(passFrom, end));
    };
    while (at < chunk.byteLength) {
      if (this.#rest > 0) {
        const end = Math.min(chunk.byteLength, at + this.#rest);
        this.#rest -= end - at;
        if (this.#large !== null) {
          this.#skip(chunk.subarray(at, end));
          passFrom = end;
        }
        at = end;
        continue;
      }
      if (this.#header.length === 0) headerFrom = at;
      this.#header.push(chunk[at++]!);
      const length = lengthOf(this.#header);
      if (length === null) continue;
      const [first] = this.#header as [number];
      const isLarge = first >> 4 === PUBLISH && length > this.#maxBytes;
      const isSplit = at - headerFrom < this.#header.length;
      if (isLarge) {
        passUntil(isSplit ? 0 : headerFrom);
        this.#large = { flags: first & 15, length, kept: [], keptBytes: 0, publish: null };
        passFrom = at;
      } else if (isSplit) {
        this.#handlers.pass(Buffer.from(this.#header));
        passFrom = at;
      }
      this.#header = [];
      this.#rest = length;
    }
    passUntil(this.#header.length === 0 ? at : headerFrom);
  }

  #skip(part: Buffer): void {
    const large = this.#large!;
    this.#handlers.skipped(part.byteLength);
    if (large.publish === null) {
      // A copy, because the part belongs to a larger buffer.
      large.kept.push(Buffer.from(part));
      large.keptBytes += part.byteLength;
      if (large.keptBytes >= KEPT || this.#rest === 0)
        large.publish = publishOf(Buffer.concat(large.kept), large, this.#version);
    } else large.publish.body.add(part);
    if (this.#rest > 0) return;
    this.#large = null;
    const { topic, qos, messageId, bytes, body } = large.publish!;
    this.#handlers.large({ topic, qos, messageId, bytes, sha256: body.sha256, head: body.head });
  }
}

/** Length of the packet after its fixed header (section 2.2.3); `null`: the header is not complete. */
function lengthOf(header: readonly number[]): number | null {
  if (header.length < 2) return null;
  const last = header.at(-1)!;
  // A fifth byte is invalid, which the parser says.
  if (last >= 128 && header.length < 5) return null;
  return varint(header.slice(1));
}

function varint(bytes: readonly number[]): number {
  return bytes.reduce((sum, byte, index) => sum + (byte & 127) * 128 ** index, 0);
}

/** Reads the variable header (section 3.3.2). Malformed data from a hostile broker is read as far as possible. */
function publishOf(kept: Buffer, { flags, length }: LargePacket, version: 4 | 5): NonNullable<LargePacket["publish"]> {
  const qos = ((flags >> 1) & 3) as 0 | 1 | 2;
  const topicEnd = 2 + kept.readUInt16BE(0);
  const topic = kept.subarray(2, topicEnd).toString();
  let at = topicEnd;
  const messageId = qos === 0 ? undefined : kept.readUInt16BE(at);
  if (qos !== 0) at += 2;
  if (version === 5) {
    const size = kept.subarray(at, at + 4).findIndex((byte) => byte < 128) + 1;
    at += size + varint([...kept.subarray(at, at + size)]);
  }
  const body = new LargeBody();
  body.add(kept.subarray(at));
  return { topic, qos, messageId, bytes: Math.max(0, length - at), body };
}
