import { createRecordsBatch, produceV11, Reader, readRecordsBatch, type Writer } from "@platformatic/kafka";
import { expect, it } from "vitest";
import { createRequest } from "./kafka-producer.ts";
import { countThatFit, type EncodableRecord, encodeBatch } from "./kafka-records.ts";

const TIME = 1_767_323_045_678;

function record(changes: Partial<EncodableRecord> = {}): EncodableRecord & { topic: string; partition: number } {
  return {
    topic: "events",
    partition: 0,
    key: Buffer.from("customer-7"),
    value: Buffer.from('{"n":1.0}'),
    headers: new Map([[Buffer.from("event-type"), Buffer.from("invoice.paid")]]),
    timestamp: BigInt(TIME),
    ...changes,
  };
}

/** Sequences of the client. */
const sequences = {
  getWithDefault: (partition: string, absent: number) => (partition === "events:0" ? 41 : absent),
};

/** The client's encoding. The client changes the records that it is given. */
function expected(records: readonly ReturnType<typeof record>[]): Buffer {
  const copies = records.map((one) => ({ ...one })) as unknown as Parameters<typeof createRecordsBatch>[0];
  const options = { producerId: 1234n, producerEpoch: 5, sequences } as unknown as Parameters<
    typeof createRecordsBatch
  >[1];
  return createRecordsBatch(copies, options).buffer;
}

const CHECKSUM_AT = 17;

it.each([
  ["one record", [record()]],
  ["a record without key, headers and value", [record({ key: null, headers: new Map(), value: Buffer.alloc(0) })]],
  ["earlier and later records", [0, -1, 70, 1_000_000_000].map((ms) => record({ timestamp: BigInt(TIME + ms) }))],
  [
    "sizes around the limits of their length",
    [0, 63, 64, 8191, 8192, 1_048_576].map((size) => record({ value: Buffer.alloc(size, 1) })),
  ],
  ["hundreds of records", Array.from({ length: 300 }, (_, index) => record({ value: Buffer.from(String(index)) }))],
])("encodes a batch with %s as the client does", (_, records) => {
  const theirs = expected(records);
  const facts = { producerId: 1234n, producerEpoch: 5, firstNumber: 41 };
  const ours = encodeBatch(records, { ...facts, checksumOf: () => theirs.readUInt32BE(CHECKSUM_AT) });
  expect(ours.equals(theirs)).toBe(true);
});

it("encodes records that are months apart, whose times the client truncates", () => {
  const times = [TIME, TIME - 20_000_000_000, TIME + 20_000_000_000];
  const records = times.map((time) => record({ timestamp: BigInt(time) }));
  const facts = { producerId: -1n, producerEpoch: 0, firstNumber: 0, checksumOf: () => 0 };
  const { firstTimestamp, records: read } = readRecordsBatch(Reader.from(encodeBatch(records, facts)));
  expect(read.map(({ timestampDelta }) => Number(firstTimestamp + timestampDelta))).toEqual(times);
});

it("encodes a request for several partitions as the client does, with checksums", () => {
  const records = [record(), { ...record(), partition: 2 }, record({ value: Buffer.alloc(0) })];
  const copies = records.map((one) => ({ ...one })) as unknown as Parameters<typeof produceV11.createRequest>[2];
  const options = { producerId: 1234n, producerEpoch: 5, sequences };
  const theirs = produceV11.createRequest(-1, 30_000, copies, options as unknown as object);
  const ours: Writer = createRequest(-1, 30_000, records, options);
  expect(ours.buffer.equals(theirs.buffer)).toBe(true);
});

it("includes as many records as fit in a request with their headers, so that one partition accepts them all", () => {
  const limits = { items: 1000, bytes: 1_000_000 };
  const headers = new Map(Array.from({ length: 6 }, (_, at) => [Buffer.from(`name-${at}`), Buffer.alloc(50)]));
  const records = Array.from({ length: 1000 }, (_, index) =>
    record({ value: Buffer.alloc(1024), headers, timestamp: BigInt(TIME + (index % 2) * 100_000_000_000) }),
  );
  const waiting = records.map((one) => ({ record: one }));
  const count = countThatFit(waiting, limits);
  const options = { producerId: -1n, producerEpoch: 0, firstNumber: 0, checksumOf: () => 0 };
  const { byteLength } = encodeBatch(records.slice(0, count), options);
  expect(byteLength).toBeLessThanOrEqual(limits.bytes);
  expect(byteLength).toBeGreaterThan(0.98 * limits.bytes);
  expect(countThatFit(waiting, { ...limits, items: 5 })).toBe(5);
  expect(countThatFit([{ record: record({ value: Buffer.alloc(2_000_000) }) }, ...waiting], limits)).toBe(1);
  expect(countThatFit([], limits)).toBe(0);
});
