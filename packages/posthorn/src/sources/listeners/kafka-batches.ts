/** Record batches of Kafka, format 2 (https://kafka.apache.org/documentation/#recordbatch). */
import { decompressRecords, type DecompressionFailure } from "./kafka-compression.ts";

/** Header of a batch, up to its records. */
export const BATCH_HEADER = 61;
export const MAGIC_AT = 16;
export const ATTRIBUTES_AT = 21;
export const COMPRESSION = 7;
const LENGTH_AT = 8;
/** Bytes that the length does not include: those of the offset, and its own. */
const UNCOUNTED = 12;
const COUNT_AT = 57;

/** Limits of the decompressed batches of one response. A record without content takes 7 bytes here, and several hundred in the client. */
export const MAX_DECOMPRESSED_BYTES = 64 * 1024 * 1024;
export const MAX_RECORDS = 250_000;

/** Creates the batch that replaces one that cannot be passed on. */
export type Replace = (batch: Buffer, reason: DecompressionFailure) => Buffer;

/**
 * Decompresses the batches of a response, in the order of its partitions. Once the limits are reached, the rest of a partition is cut off. A
 * batch that exceeds them on its own is replaced.
 *
 * @returns The records of a partition; the same buffer if nothing changed.
 */
export function batchesOf(replace: Replace): (records: Buffer) => Buffer {
  let bytes = MAX_DECOMPRESSED_BYTES;
  let records = MAX_RECORDS;
  const isUnused = (): boolean => bytes === MAX_DECOMPRESSED_BYTES && records === MAX_RECORDS;
  /** `null`: it does not fit behind the others. */
  const decompressed = (batch: Buffer): Buffer | null => {
    const compression = batch.readInt16BE(ATTRIBUTES_AT) & COMPRESSION;
    if (batch[MAGIC_AT] !== 2 || compression === 0) return batch;
    const count = batch.readInt32BE(COUNT_AT);
    if (count < 0) return replace(batch, "damaged");
    const content = count > records ? "too_large" : decompressRecords(compression, batch.subarray(BATCH_HEADER), bytes);
    if (content === "too_large" && !isUnused()) {
      [bytes, records] = [0, 0];
      return null;
    }
    if (typeof content === "string") return replace(batch, content);
    bytes -= content.byteLength;
    records -= count;
    const whole = Buffer.concat([batch.subarray(0, BATCH_HEADER), content]);
    whole.writeInt32BE(whole.byteLength - UNCOUNTED, LENGTH_AT);
    whole.writeInt16BE(batch.readInt16BE(ATTRIBUTES_AT) & ~COMPRESSION, ATTRIBUTES_AT);
    return whole;
  };
  return (all) => {
    const parts: Buffer[] = [];
    let isChanged = false;
    for (const batch of split(all)) {
      const part = batch.byteLength < BATCH_HEADER ? batch : decompressed(batch);
      isChanged ||= part !== batch;
      if (part === null) break;
      parts.push(part);
    }
    return isChanged ? Buffer.concat(parts) : all;
  };
}

/** The last batch may be incomplete, because a broker truncates a response at its limit. Clients ignore it. */
function* split(records: Buffer): Generator<Buffer> {
  for (let at = 0; at < records.byteLength;) {
    const rest = records.subarray(at);
    const size = rest.byteLength < UNCOUNTED ? Infinity : UNCOUNTED + Math.max(0, rest.readInt32BE(LENGTH_AT));
    if (size <= rest.byteLength) yield rest.subarray(0, size);
    at += size;
  }
}
