/** Compressed record batches of Kafka, made and read by its client. */
import { gzipSync, zstdCompressSync } from "node:zlib";
import { createRecordsBatch, readRecordsBatches, Reader } from "@platformatic/kafka";
import { describe, expect, it } from "vitest";
import { BATCH_HEADER, batchesOf, MAX_DECOMPRESSED_BYTES, MAX_RECORDS } from "./kafka-batches.ts";
import { decompressRecords } from "./kafka-compression.ts";

const MIB = 1024 * 1024;
const ALGORITHMS = ["gzip", "snappy", "lz4", "zstd"] as const;

function batchOf(values: readonly string[], compression: "none" | (typeof ALGORITHMS)[number]): Buffer {
  const messages = values.map((value) => ({ topic: "in", key: Buffer.from("k"), value: Buffer.from(value) }));
  return createRecordsBatch(messages, { compression }).buffer;
}

/** A batch whose records are these bytes. */
function rawBatch(compression: number, content: Buffer, count = 1): Buffer {
  const header = Buffer.alloc(BATCH_HEADER);
  header.writeInt32BE(BATCH_HEADER - 12 + content.byteLength, 8);
  header[16] = 2;
  header.writeInt16BE(compression, 21);
  header.writeInt32BE(count, 57);
  return Buffer.concat([header, content]);
}

const STAND_IN = batchOf(["stand-in"], "none");
const passed = (batches: readonly Buffer[]): { readonly records: Buffer; readonly reasons: readonly string[] } => {
  const reasons: string[] = [];
  const replace = (_batch: Buffer, reason: string): Buffer => {
    reasons.push(reason);
    return STAND_IN;
  };
  return { records: batchesOf(replace)(Buffer.concat(batches)), reasons };
};
const valuesOf = (records: Buffer): readonly string[] =>
  readRecordsBatches(Reader.from(records)).flatMap((batch) => batch.records.map(({ value }) => value!.toString()));

/** Number of zeros to which a small batch decompresses. LZ4 and Snappy compress far less, so their batches only claim to be this large. */
const BOMBS: readonly (readonly [string, Buffer])[] = [
  ["gzip", rawBatch(1, gzipSync(Buffer.alloc(MAX_DECOMPRESSED_BYTES + 1)))],
  ["zstd", rawBatch(4, zstdCompressSync(Buffer.alloc(MAX_DECOMPRESSED_BYTES + 1)))],
  ["snappy", rawBatch(2, Buffer.from([0x80, 0x80, 0x80, 0x80, 0x01, 0]))],
  [
    "snappy with blocks",
    rawBatch(2, Buffer.concat([Buffer.from("82534e41505059000000000100000001", "hex"), snappyBlocks(5)])),
  ],
  ["lz4", rawBatch(3, Buffer.concat([Buffer.from("04224d18604000", "hex"), lz4Blocks(1100)]))],
];

function snappyBlocks(count: number): Buffer {
  // Each of 16 MiB.
  const block = Buffer.from([0, 0, 0, 5, 0x80, 0x80, 0x80, 0x08, 0]);
  return Buffer.concat(Array.from({ length: count }, () => block));
}

function lz4Blocks(count: number): Buffer {
  // Each of 64 KiB.
  const block = Buffer.alloc(4 + 300);
  block.writeUInt32LE(300);
  return Buffer.concat(Array.from({ length: count }, () => block));
}

describe("compressed record batches of Kafka", () => {
  it.each(ALGORITHMS)("are passed on decompressed, with the same records (%s)", (compression) => {
    const values = Array.from({ length: 500 }, (_, index) => `record ${index} `.repeat(index % 40));
    const { records, reasons } = passed([
      batchOf(["first"], "none"),
      batchOf(values, compression),
      batchOf(["last"], "gzip"),
    ]);
    expect(reasons).toEqual([]);
    expect(valuesOf(records)).toEqual(["first", ...values, "last"]);
  });

  it.each(BOMBS)("are replaced if they become larger than allowed, and later ones are passed on (%s)", (_, bomb) => {
    expect(bomb.byteLength).toBeLessThan(MIB);
    const { records, reasons } = passed([bomb, batchOf(["behind"], "gzip")]);
    expect([valuesOf(records), reasons]).toEqual([["stand-in", "behind"], ["too_large"]]);
  });

  it.each([
    ["too many records", rawBatch(1, gzipSync(Buffer.alloc(1000)), MAX_RECORDS + 1), "too_large"],
    ["a negative number of records", rawBatch(1, gzipSync(Buffer.alloc(1000)), -5), "damaged"],
    ["damaged content of gzip", rawBatch(1, Buffer.from("not compressed")), "damaged"],
    ["damaged content of Snappy", rawBatch(2, Buffer.from([200])), "damaged"],
    ["damaged content of LZ4", rawBatch(3, Buffer.from([1, 2, 3])), "damaged"],
    ["damaged content of Zstandard", rawBatch(4, Buffer.from("not compressed")), "damaged"],
    ["an unknown compression", rawBatch(7, Buffer.from("unknown")), "damaged"],
  ])("are replaced if they have %s", (_, batch, reason) => {
    const { records, reasons } = passed([batch, batchOf(["behind"], "none")]);
    expect([valuesOf(records), reasons]).toEqual([["stand-in", "behind"], [reason]]);
  });

  it("share the limit of a response: those that do not fit are cut off, to be fetched again", () => {
    const large = "x".repeat(MAX_DECOMPRESSED_BYTES / 2 - 1000);
    const batch = batchOf([large], "gzip");
    const rewrite = batchesOf(() => STAND_IN);
    const [one, other] = [rewrite(Buffer.concat([batch, batch, batch])), rewrite(batch)];
    expect(valuesOf(one)).toEqual([large, large]);
    // Another partition of the same response.
    expect(other).toHaveLength(0);
    expect(valuesOf(batchesOf(() => STAND_IN)(batch))).toEqual([large]);
  });

  it("are the same buffer if none is compressed, and the end of a truncated batch is ignored", () => {
    const plain = Buffer.concat([batchOf(["a", "b"], "none"), batchOf(["c"], "gzip").subarray(0, 70)]);
    expect(batchesOf(() => STAND_IN)(plain)).toBe(plain);
  });

  it("are never decompressed by the client, which has no limit", () => {
    expect(() => readRecordsBatches(Reader.from(batchOf(["a"], "zstd")))).toThrow(/compressed batch/);
  });

  it("of exactly the allowed size are decompressed", () => {
    const content = gzipSync(Buffer.alloc(1000));
    expect(decompressRecords(1, content, 1000)).toHaveLength(1000);
    expect(decompressRecords(1, content, 999)).toBe("too_large");
  });
});
