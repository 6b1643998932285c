/**
 * Shortens responses of Kafka whose first record batch is too large to be kept. A broker sends the first batch of a partition whole, regardless
 * of the limits of the request, and the client collects a response in memory until it is complete. The batch is replaced by one with a single
 * record, which has the offset of the last record of the batch (https://kafka.apache.org/protocol, Fetch, versions 4 to 17). Compressed batches
 * are decompressed here, because the client has no limit.
 */
import { ByteCollector } from "../../lib/byte-collector.ts";
import { ATTRIBUTES_AT, BATCH_HEADER, batchesOf, COMPRESSION, MAGIC_AT, type Replace } from "./kafka-batches.ts";
import { type FilterOutput, LargeBody, type StandIns, type StreamFilter } from "./large-messages.ts";

/** Everything in front of the first records: partitions without records, and their aborted transactions. */
const MAX_PREFIX = 1024 * 1024;
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

/** What the client has sent over a connection. */
export interface FetchRequests {
  /** Version of the fetch requests; `null`: there was none. */
  version(): number | null;
  /** Whether this is the response to a fetch request. Forgets the request. */
  take(correlationId: number): boolean;
}

export class KafkaFrames implements StreamFilter {
  readonly #maxBytes: number;
  readonly #standIns: StandIns;
  readonly #output: FilterOutput;
  readonly #requests: FetchRequests;
  #length: number[] = [];
  /** Bytes of the response that are to come. */
  #rest = 0;
  #large: Large | null = null;
  /** A response that is collected, because it may have compressed batches. */
  #whole: ByteCollector | null = null;

  constructor(maxBytes: number, standIns: StandIns, output: FilterOutput, requests: FetchRequests) {
    this.#maxBytes = maxBytes;
    this.#standIns = standIns;
    this.#output = output;
    this.#requests = requests;
  }

  #version(): number | null {
    return this.#requests.version();
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
        if (this.#version() === null || this.#rest === 0) this.#output.pass(length);
        else if (this.#rest > this.#maxBytes) this.#large = largeOf(this.#rest);
        else this.#whole = new ByteCollector();
        continue;
      }
      const part = chunk.subarray(at, at + this.#rest);
      this.#rest -= part.byteLength;
      at += part.byteLength;
      if (this.#large !== null) this.#shorten(this.#large, part);
      else if (this.#whole === null) this.#output.pass(part);
      else this.#collect(this.#whole, part);
    }
  }

  /** The client collects a response as well before it reads it. */
  #collect(whole: ByteCollector, part: Buffer): void {
    whole.add(part);
    if (this.#rest > 0) return;
    this.#whole = null;
    const response = whole.bytes();
    const isFetch = response.byteLength >= 4 && this.#requests.take(response.readInt32BE());
    this.#pass(isFetch ? this.#decompressed(response) : response);
  }

  #pass(response: Buffer): void {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(response.byteLength);
    this.#output.pass(Buffer.concat([length, response]));
  }

  /** The response with decompressed batches, as many as the limit allows: the client fetches the others again. */
  #decompressed(response: Buffer): Buffer {
    const version = this.#version()!;
    const replace: Replace = (batch, reason) => {
      const body = new LargeBody(reason);
      body.add(batch);
      return this.#batchOf(batch.subarray(0, BATCH_HEADER), body);
    };
    const batches = batchesOf(replace);
    const parts: Buffer[] = [];
    let from = 0;
    for (const { lengthAt, at, bytes } of recordSets(response, version)) {
      const records = response.subarray(at, at + bytes);
      const replaced = batches(records);
      if (replaced === records) continue;
      parts.push(response.subarray(from, lengthAt), lengthOf(replaced.byteLength, version), replaced);
      from = at + bytes;
    }
    return from === 0 ? response : Buffer.concat([...parts, response.subarray(from)]);
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
      this.#requests.take(prefix.readInt32BE());
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
    const content = Buffer.concat([...prefix, lengthOf(batch.byteLength, this.#version()!), batch, behind]);
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
  for (const records of recordSets(response, version)) return records;
  return null;
}

/** The records of each partition that has any, up to the end of what is there. */
function* recordSets(response: Buffer, version: number): Generator<Records> {
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
        if (bytes > 0) {
          yield { lengthAt, at: reader.at, bytes };
          reader.skip(bytes);
        }
        reader.tags();
      }
      reader.tags();
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
}

/** Length of records, as a response has it. */
function lengthOf(bytes: number, version: number): Buffer {
  if (version >= FLEXIBLE) return unsignedVarint(bytes + 1);
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes);
  return length;
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
