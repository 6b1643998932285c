/** Encodes record batches of Kafka, format 2 (https://kafka.apache.org/documentation/#recordbatch). */

export interface EncodableRecord {
  readonly key?: Buffer | null;
  readonly value: Buffer;
  readonly headers: ReadonlyMap<Buffer, Buffer>;
  readonly timestamp: bigint;
}

export interface BatchFacts {
  /** -1: the batch has no number. */
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** Number of the first record in its partition. */
  readonly firstNumber: number;
  /** CRC-32C. */
  readonly checksumOf: (bytes: Buffer) => number;
}

const MAGIC = 2;
const HEADER_BYTES = 61;
const LENGTH_AT = 8;
/** Bytes that the length does not include: those of the offset, and its own. */
const UNCOUNTED = 12;
const EPOCH_AT = 12;
const MAGIC_AT = 16;
const CHECKSUM_AT = 17;
const ATTRIBUTES_AT = 21;
/** First of the values after the attributes. */
const LAST_DELTA_AT = 23;
/** Bytes of the numbers of a record that depend on those before it, and of its length: at most 8, 2 and 4. */
const MAX_NUMBERS = 14;
const SEVEN_BITS = 0x7f;
const MORE = 0x80;
/** From here on, bit operations on numbers lose bits. */
const TWO_31 = 2 ** 31;

/** @param records At least one. */
export function encodeBatch(records: readonly EncodableRecord[], facts: BatchFacts): Buffer {
  const firstTime = Number(records[0]!.timestamp);
  const sizes = records.map((record, index) => sizeOf(record, Number(record.timestamp) - firstTime, index));
  const bytes = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + sizeOfNumber(size) + size, HEADER_BYTES));
  let at = HEADER_BYTES;
  let lastTime = firstTime;
  for (const [index, record] of records.entries()) {
    const time = Number(record.timestamp);
    lastTime = Math.max(lastTime, time);
    at = writeNumber(bytes, at, sizes[index]!);
    at = writeRecord(bytes, at, { record, timeDelta: time - firstTime, index });
  }
  writeHeader(bytes, facts, { count: records.length, firstTime, lastTime });
  return bytes;
}

function writeHeader(
  bytes: Buffer,
  { producerId, producerEpoch, firstNumber, checksumOf }: BatchFacts,
  { count, firstTime, lastTime }: { readonly count: number; readonly firstTime: number; readonly lastTime: number },
): void {
  // Brokers set offset and epoch.
  bytes.fill(0, 0, LENGTH_AT);
  bytes.writeInt32BE(bytes.byteLength - UNCOUNTED, LENGTH_AT);
  bytes.writeInt32BE(0, EPOCH_AT);
  bytes[MAGIC_AT] = MAGIC;
  bytes.writeInt16BE(0, ATTRIBUTES_AT);
  let at = bytes.writeInt32BE(count - 1, LAST_DELTA_AT);
  at = bytes.writeBigInt64BE(BigInt(firstTime), at);
  at = bytes.writeBigInt64BE(BigInt(lastTime), at);
  at = bytes.writeBigInt64BE(producerId, at);
  at = bytes.writeInt16BE(producerEpoch, at);
  at = bytes.writeInt32BE(firstNumber, at);
  bytes.writeInt32BE(count, at);
  bytes.writeUInt32BE(checksumOf(bytes.subarray(ATTRIBUTES_AT)), CHECKSUM_AT);
}

/** How many records, counted from the first, fit in a request with these limits: at least one, unless there are none. */
export function countThatFit(
  waiting: readonly { readonly record: EncodableRecord }[],
  { items, bytes }: { readonly items: number; readonly bytes: number },
): number {
  let count = 0;
  let size = HEADER_BYTES;
  for (const { record } of waiting) {
    size += sizeOf(record, 0, 0) + MAX_NUMBERS;
    if (count === items || (size > bytes && count > 0)) break;
    count++;
  }
  return count;
}

function sizeOf({ key, value, headers }: EncodableRecord, timeDelta: number, index: number): number {
  let size = 1 + sizeOfNumber(timeDelta) + sizeOfNumber(index) + sizeOfNumber(headers.size);
  size += key === undefined || key === null ? 1 : sizeOfBytes(key);
  size += sizeOfBytes(value);
  for (const [name, text] of headers) size += sizeOfBytes(name) + sizeOfBytes(text);
  return size;
}

function writeRecord(
  bytes: Buffer,
  start: number,
  {
    record: { key, value, headers },
    timeDelta,
    index,
  }: { readonly record: EncodableRecord; readonly timeDelta: number; readonly index: number },
): number {
  bytes[start] = 0;
  let at = writeNumber(bytes, start + 1, timeDelta);
  at = writeNumber(bytes, at, index);
  at = key === undefined || key === null ? writeNumber(bytes, at, -1) : writeBytes(bytes, at, key);
  at = writeBytes(bytes, at, value);
  at = writeNumber(bytes, at, headers.size);
  for (const [name, text] of headers) at = writeBytes(bytes, writeBytes(bytes, at, name), text);
  return at;
}

function sizeOfBytes({ byteLength }: Buffer): number {
  return sizeOfNumber(byteLength) + byteLength;
}

function writeBytes(bytes: Buffer, at: number, content: Buffer): number {
  const from = writeNumber(bytes, at, content.byteLength);
  bytes.set(content, from);
  return from + content.byteLength;
}

/** Maps signed numbers to unsigned ones, alternating between the two signs. The result is written in groups of seven bits, lowest first. */
function zigZag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

function sizeOfNumber(value: number): number {
  let size = 1;
  for (let left = zigZag(value); left > SEVEN_BITS; left = Math.floor(left / MORE)) size++;
  return size;
}

function writeNumber(bytes: Buffer, start: number, value: number): number {
  let at = start;
  let left = zigZag(value);
  for (; left >= TWO_31; left = Math.floor(left / MORE)) bytes[at++] = (left % MORE) | MORE;
  for (; left > SEVEN_BITS; left >>>= 7) bytes[at++] = (left & SEVEN_BITS) | MORE;
  bytes[at++] = left;
  return at;
}
