/** Decompresses record batches of Kafka within a limit. A batch of one megabyte can become several gigabytes. */
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { compressionsAlgorithms } from "@platformatic/kafka";

/** Compression of a batch, as its attributes name it. */
const GZIP = 1;
const SNAPPY = 2;
const LZ4 = 3;
const ZSTD = 4;

const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER_BYTES = 16;
/** Of the highest ratio of LZ4. */
const LZ4_MAX_RATIO = 255;

/** The client's own decoders have no limit, so it must not use them: it only gets decompressed batches. */
const decoders = {
  snappy: compressionsAlgorithms.snappy.decompressSync,
  lz4: compressionsAlgorithms.lz4.decompressSync,
};
const refuse = (): never => {
  throw new Error("The broker sent a compressed batch behind one that is too large.");
};
for (const algorithm of Object.values(compressionsAlgorithms)) Object.assign(algorithm, { decompressSync: refuse });

/** `too_large`: the records have more bytes than allowed. `damaged`: they cannot be decompressed. */
export type DecompressionFailure = "too_large" | "damaged";

/** Decompresses the records of a batch. Uses no more memory than `mostBytes`, regardless of the content of the batch. */
export function decompressRecords(
  compression: number,
  records: Buffer,
  mostBytes: number,
): Buffer | DecompressionFailure {
  try {
    return decompress(compression, records, Math.max(1, mostBytes)) ?? "too_large";
  } catch (error) {
    return error instanceof RangeError && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE"
      ? "too_large"
      : "damaged";
  }
}

/** `null`: it has more bytes. */
function decompress(compression: number, records: Buffer, maxOutputLength: number): Buffer | null {
  switch (compression) {
    case GZIP:
      return gunzipSync(records, { maxOutputLength });
    case SNAPPY:
      return snappyBytes(records) > maxOutputLength ? null : decoders.snappy(records);
    case LZ4:
      return lz4Bytes(records) > maxOutputLength ? null : decoders.lz4(records);
    case ZSTD:
      return zstdDecompressSync(records, { maxOutputLength });
    default:
      throw new Error("an unknown compression");
  }
}

/** Size of the decompressed data, which each block of Snappy begins with. The decoder fails if a block is larger. */
function snappyBytes(data: Buffer): number {
  if (!data.subarray(0, XERIAL_MAGIC.byteLength).equals(XERIAL_MAGIC)) return varintAt(data, 0);
  let bytes = 0;
  for (let at = XERIAL_HEADER_BYTES; at < data.byteLength;) {
    const length = data.readUInt32BE(at);
    bytes += varintAt(data, at + 4);
    at += 4 + length;
  }
  return bytes;
}

function varintAt(data: Buffer, from: number): number {
  let value = 0;
  for (let at = from, factor = 1; factor <= 2 ** 28; at++, factor *= 128) {
    const byte = data.readUInt8(at);
    value += (byte & 127) * factor;
    if (byte < 128) return value;
  }
  throw new Error("not a number");
}

/** Maximum number of bytes that a frame of LZ4 can become: https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md */
function lz4Bytes(data: Buffer): number {
  const flags = data.readUInt8(4);
  // 64 KiB, 256 KiB, 1 MiB or 4 MiB.
  const blockBytes = 2 ** (8 + 2 * ((data.readUInt8(5) >> 4) & 7));
  const checksumBytes = (flags & 16) === 0 ? 0 : 4;
  let bytes = 0;
  let at = 7 + ((flags & 8) === 0 ? 0 : 8) + ((flags & 1) === 0 ? 0 : 4);
  while (at + 4 <= data.byteLength) {
    const length = data.readUInt32LE(at);
    if (length === 0) break;
    const isRaw = length >= 2 ** 31;
    const size = isRaw ? length - 2 ** 31 : length;
    bytes += isRaw ? size : Math.min(blockBytes, size * LZ4_MAX_RATIO);
    at += 4 + size + checksumBytes;
  }
  return bytes;
}
