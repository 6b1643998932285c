/**
 * Shortens responses of Kafka whose first record batch is too large to be kept. A broker sends the first batch of a partition whole, whatever
 * the limits of the request are, and the client collects a response in memory until it is complete. The batch is replaced by one with a single
 * record, which has the offset of the last record of the batch (https://kafka.apache.org/protocol, Fetch, versions 4 to 17).
 */
import { type FilterOutput, LargeBody, type StandIns, type StreamFilter } from "./large-messages.ts";

/** Everything in front of the first records: partitions without records, and their aborted transactions. */
const MAX_PREFIX = 1024 * 1024;
/** Header of a record batch of format 2, up to its records. */
const BATCH_HEADER = 61;
const MAGIC_AT = 16;
const ATTRIBUTES_AT = 21;
const COMPRESSION = 7;
/** Versions from which on the protocol changed. */
const FLEXIBLE = 12;
const TOPIC_IDS = 13;

interface Large {
  /** Bytes of the response, without its length. */
  readonly size: number;
  readonly prefix: Buffer[];
  prefixBytes: number;
  /** Bytes of the records that are to come; `null`: the records have not begun. */
  left: number | null;
  /** Records that are kept: the header of the batch. */
  header: Buffer;
  readonly body: LargeBody;
}

export class KafkaFrames implements StreamFilter {
  readonly #maxBytes: number;
  readonly #standIns: StandIns;
  readonly #output: FilterOutput;
  readonly #version: () => number | null;
  #length: number[] = [];
  /** Bytes of the response that are to come. */
  #rest = 0;
  #large: Large | null = null;

  /** @param version Version of the fetch requests of this connection; `null`: there was none. */
  constructor(maxBytes: number, standIns: StandIns, output: FilterOutput, version: () => number | null) {
    this.#maxBytes = maxBytes;
    this.#standIns = standIns;
    this.#output = output;
    this.#version = version;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.byteLength) {
      if (this.#rest === 0) {
        this.#length.push(chunk[at++]!);
        if (this.#length.length < 4) continue;
        const length = Buffer.from(this.#length);
        this.#length = [];
        this.#rest = length.readUInt32BE();
        if (this.#rest > this.#maxBytes && this.#version() !== null) this.#large = largeOf(this.#rest);
        else this.#output.pass(length);
        continue;
      }
      const part = chunk.subarray(at, at + this.#rest);
      this.#rest -= part.byteLength;
      at += part.byteLength;
      if (this.#large === null) this.#output.pass(part);
      else this.#shorten(this.#large, part);
    }
  }

  #shorten(large: Large, part: Buffer): void {
    let rest = part;
    if (large.left === null) {
      large.prefix.push(Buffer.from(part));
      large.prefixBytes += part.byteLength;
      const prefix = Buffer.concat(large.prefix);
      const records = recordsOf(prefix, this.#version()!);
      if (records === null) {
        // Not a known response with records: the client gets it unchanged.
        if (large.prefixBytes > MAX_PREFIX || this.#rest === 0) this.#giveUp(large, prefix);
        return;
      }
      large.prefix.splice(0, large.prefix.length, prefix.subarray(0, records.lengthAt));
      large.left = records.bytes;
      rest = prefix.subarray(records.at);
    }
    const records = rest.subarray(0, large.left);
    large.left -= records.byteLength;
    this.#output.skipped(records.byteLength);
    if (large.header.byteLength < BATCH_HEADER) {
      large.header = Buffer.concat([large.header, records.subarray(0, BATCH_HEADER - large.header.byteLength)]);
    }
    large.body.add(records);
    if (large.left > 0) return;
    this.#large = null;
    this.#end(large, rest.subarray(records.byteLength));
  }

  /** Writes the response with one record, and continues with what is behind the records. */
  #end({ header, body, prefix, size }: Large, behind: Buffer): void {
    const batch =
      header.byteLength < BATCH_HEADER || header[MAGIC_AT] !== 2 ? Buffer.alloc(0) : this.#batchOf(header, body);
    const flexible = this.#version()! >= FLEXIBLE;
    const count = Buffer.alloc(4);
    count.writeInt32BE(batch.byteLength);
    const content = Buffer.concat([...prefix, flexible ? unsignedVarint(batch.byteLength + 1) : count, batch, behind]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(content.byteLength + this.#rest);
    if (size < content.byteLength) throw new Error("a shortened response is longer than the response");
    this.#output.pass(Buffer.concat([length, content]));
  }

  #batchOf(header: Buffer, body: LargeBody): Buffer {
    const value = this.#standIns.of(body);
    const record = Buffer.concat([
      // Attributes, and the time since that of the batch.
      Buffer.from([0, 0]),
      varint(header.readInt32BE(23)),
      // No key.
      varint(-1),
      varint(value.byteLength),
      value,
      // No headers.
      varint(0),
    ]);
    const records = Buffer.concat([varint(record.byteLength), record]);
    const batch = Buffer.concat([header, records]);
    batch.writeInt32BE(batch.byteLength - 12, 8);
    batch.writeInt16BE(header.readInt16BE(ATTRIBUTES_AT) & ~COMPRESSION, ATTRIBUTES_AT);
    batch.writeInt32BE(1, BATCH_HEADER - 4);
    return batch;
  }

  #giveUp(large: Large, prefix: Buffer): void {
    this.#large = null;
    const length = Buffer.alloc(4);
    length.writeUInt32BE(large.size);
    this.#output.pass(Buffer.concat([length, prefix]));
  }
}

function largeOf(size: number): Large {
  return { size, prefix: [], prefixBytes: 0, left: null, header: Buffer.alloc(0), body: new LargeBody() };
}

interface Records {
  /** Position of their length. */
  readonly lengthAt: number;
  /** Position of the first byte. */
  readonly at: number;
  readonly bytes: number;
}

/** The first records of a response that are not empty; `null`: they have not arrived, or it is not a fetch response. */
function recordsOf(response: Buffer, version: number): Records | null {
  const reader = new FetchReader(response, version >= FLEXIBLE);
  try {
    // Correlation ID, throttle time.
    reader.skip(4).tags().skip(4);
    // Error and session.
    if (version >= 7) reader.skip(6);
    for (let topics = reader.count(); topics > 0; topics--) {
      if (version >= TOPIC_IDS) reader.skip(16);
      else reader.text();
      for (let partitions = reader.count(); partitions > 0; partitions--) {
        // Partition, error, high watermark, last stable offset.
        reader.skip(22);
        if (version >= 5) reader.skip(8);
        for (let aborted = reader.count(); aborted > 0; aborted--) reader.skip(16).tags();
        if (version >= 11) reader.skip(4);
        const lengthAt = reader.at;
        const bytes = reader.count();
        if (bytes > 0) return { lengthAt, at: reader.at, bytes };
        reader.tags();
      }
      reader.tags();
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return null;
}

/** Reads the fields of a response. Throws a `RangeError` at its end. */
class FetchReader {
  readonly #buffer: Buffer;
  readonly #isFlexible: boolean;
  at = 0;

  constructor(buffer: Buffer, isFlexible: boolean) {
    this.#buffer = buffer;
    this.#isFlexible = isFlexible;
  }

  skip(bytes: number): this {
    this.at += bytes;
    if (this.at > this.#buffer.byteLength) throw new RangeError("the end of the response");
    return this;
  }

  /** Length of an array or of bytes. An absent one has -1. */
  count(): number {
    if (this.#isFlexible) return this.#varint() - 1;
    const at = this.at;
    this.skip(4);
    return this.#buffer.readInt32BE(at);
  }

  text(): void {
    if (this.#isFlexible) {
      this.skip(Math.max(0, this.#varint() - 1));
      return;
    }
    const at = this.at;
    this.skip(2);
    this.skip(Math.max(0, this.#buffer.readInt16BE(at)));
  }

  /** Tagged fields. */
  tags(): this {
    if (!this.#isFlexible) return this;
    for (let count = this.#varint(); count > 0; count--) {
      this.#varint();
      this.skip(this.#varint());
    }
    return this;
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const at = this.at;
      this.skip(1);
      const byte = this.#buffer[at]!;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      if (factor > 2 ** 28) throw new RangeError("not a number");
    }
  }
}

function unsignedVarint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}

/** With the sign in the lowest bit. */
function varint(value: number): Buffer {
  return unsignedVarint(value < 0 ? -2 * value - 1 : 2 * value);
}
