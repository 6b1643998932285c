import { createHash } from "node:crypto";
import { createRecordsBatch } from "@platformatic/kafka";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FetchRequests, KafkaFrames } from "./kafka-frames.ts";
import { type FilterOutput, HEAD_BYTES, StandIns, type StreamFilter } from "./large-messages.ts";
import { NatsFrames } from "./nats-frames.ts";
import { RedisFrames } from "./redis-frames.ts";

const MAX_BYTES = 70_000;
const CORRELATION_ID = 77;
const SIZES = fc.array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 65_536 })), { minLength: 1 });
const BYTES = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 69_000, max: 140_000 }));

/** Sends a stream through a filter in chunks of these sizes. */
function filtered(
  make: (standIns: StandIns, output: FilterOutput) => StreamFilter,
  stream: Buffer,
  sizes: readonly number[],
) {
  const standIns = new StandIns();
  const passed: Buffer[] = [];
  let skipped = 0;
  const filter = make(standIns, { pass: (bytes) => passed.push(Buffer.from(bytes)), skipped: (n) => (skipped += n) });
  // Chunks of single bytes of large messages would take long.
  const of = sizes.every((size) => size < 100) && stream.byteLength > 10_000 ? [...sizes, 65_536] : sizes;
  for (let at = 0, index = 0; at < stream.byteLength; index++) {
    const size = of[index % of.length]!;
    filter.push(stream.subarray(at, at + size));
    at += size;
  }
  return { passed: Buffer.concat(passed), standIns, skipped };
}

const sha256 = (body: Uint8Array): string => createHash("sha256").update(body).digest("hex");
const bodyOf = (bytes: number, seed: number): Buffer => Buffer.alloc(bytes, `body ${seed} `);

/** The remaining part of a body, and what is known about it if it was dropped. */
function seen(body: Buffer, standIns: StandIns): unknown {
  const large = standIns.take(body);
  return large === null ? sha256(body) : { bytes: large.bytes, sha256: large.sha256, head: sha256(large.head) };
}

function expected(body: Buffer, limit = MAX_BYTES): unknown {
  if (body.byteLength <= limit) return sha256(body);
  return { bytes: body.byteLength, sha256: sha256(body), head: sha256(body.subarray(0, HEAD_BYTES)) };
}

describe("the stream of a NATS server", () => {
  it("passes through unchanged, except bodies that are too large, however it is divided", () => {
    const message = fc.record({ bytes: BYTES, hasHeaders: fc.boolean(), hasReply: fc.boolean() });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), SIZES, (specs, sizes) => {
        const headers = Buffer.from("NATS/1.0\r\nunit: C\r\n\r\n");
        const bodies = specs.map(({ bytes }, index) => bodyOf(bytes, index));
        const info = Buffer.from(`INFO {"text":"${"x".repeat(9000)}"}\r\nPING\r\n`);
        const lineOf = (index: number, bytes: number): string => {
          const { hasHeaders, hasReply } = specs[index]!;
          const names = `in.a ${index}${hasReply ? " _INBOX.1" : ""}`;
          const numbers = hasHeaders ? `${headers.byteLength} ${headers.byteLength + bytes}` : String(bytes);
          return `${hasHeaders ? "HMSG" : "MSG"} ${names} ${numbers}\r\n`;
        };
        const stream = Buffer.concat([
          info,
          ...bodies.flatMap((body, index) => [
            Buffer.from(lineOf(index, body.byteLength)),
            ...(specs[index]!.hasHeaders ? [headers] : []),
            body,
            Buffer.from("\r\n"),
          ]),
        ]);
        const { passed, standIns } = filtered((all, output) => new NatsFrames(MAX_BYTES, all, output), stream, sizes);
        let at = info.byteLength;
        const seenAll = bodies.map((_, index) => {
          const end = passed.indexOf("\r\n", at);
          const bytes = Number(passed.subarray(at, end).toString().split(" ").at(-1));
          const own = specs[index]!.hasHeaders ? headers.byteLength : 0;
          const line = passed.subarray(at, end + 2).toString();
          const content = passed.subarray(end + 2, end + 2 + bytes);
          at = end + 2 + bytes + 2;
          const isSame =
            line === lineOf(index, bytes - own) && content.subarray(0, own).equals(headers.subarray(0, own));
          return [isSame, seen(content.subarray(own), standIns)];
        });
        // The limit counts headers as well.
        const limitOf = (index: number): number => MAX_BYTES - (specs[index]!.hasHeaders ? headers.byteLength : 0);
        expect(seenAll).toEqual(bodies.map((body, index) => [true, expected(body, limitOf(index))]));
        expect(passed.subarray(0, info.byteLength).equals(info)).toBe(true);
        expect(at).toBe(passed.byteLength);
      }),
      { numRuns: 60 },
    );
  });
});

describe("the replies of Redis", () => {
  const bulk = (body: Buffer): Buffer =>
    Buffer.concat([Buffer.from(`$${body.byteLength}\r\n`), body, Buffer.from("\r\n")]);

  it("pass through unchanged, except entries that are too large, however they are divided", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(BYTES, { minLength: 1, maxLength: 3 }), { maxLength: 4 }),
        SIZES,
        (specs, sizes) => {
          const entries = specs.map((fields, entry) => fields.map((bytes, field) => bodyOf(bytes, 10 * entry + field)));
          const reply = (parts: readonly (readonly Buffer[])[]): Buffer =>
            Buffer.concat([
              Buffer.from(`+OK\r\n-ERR ${"x".repeat(200)}\r\n:1\r\n*-1\r\n*1\r\n*2\r\n`),
              bulk(Buffer.from("in")),
              Buffer.from(`*${parts.length}\r\n`),
              ...parts.flatMap((fields, entry) => [
                Buffer.from("*2\r\n"),
                bulk(Buffer.from(`${entry}-0`)),
                Buffer.from(`*${fields.length}\r\n`),
                ...fields.map((field) => bulk(field)),
              ]),
              // A deleted entry, and the reply to another command.
              Buffer.from("*1\r\n*2\r\n$3\r\n9-0\r\n*-1\r\n:5\r\n"),
            ]);
          const stream = reply(entries);
          const { passed, standIns } = filtered(
            (all, output) => new RedisFrames(MAX_BYTES, all, output),
            stream,
            sizes,
          );
          let rest = passed;
          const shortened = entries.map((fields) => {
            let bytes = 0;
            let isLarge = false;
            return fields.map((field) => {
              bytes += field.byteLength;
              if (!isLarge && bytes <= MAX_BYTES) return field;
              const text = isLarge ? Buffer.alloc(0) : null;
              isLarge = true;
              return text;
            });
          });
          // Stand-ins are random, so the reply is rebuilt with those that were found.
          const large: unknown[] = [];
          const found = shortened.map((fields, entry) =>
            fields.map((field, index) => {
              if (field !== null) return field;
              const original = entries[entry]![index]!;
              const length = 16 + Math.min(HEAD_BYTES, original.byteLength);
              const head = Buffer.from(`$${length}\r\n`);
              for (let at = rest.indexOf(head); at !== -1; at = rest.indexOf(head, at + 1)) {
                const body = rest.subarray(at + head.byteLength, at + head.byteLength + length);
                const taken = standIns.take(body);
                if (taken === null) continue;
                large.push([taken.bytes === original.byteLength, taken.sha256 === sha256(original)]);
                rest = rest.subarray(at + head.byteLength + length);
                return body;
              }
              throw new Error("there is no stand-in");
            }),
          );
          expect(large).toEqual(large.map(() => [true, true]));
          expect(passed.equals(reply(found))).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** Parts of a fetch response, as a broker of a version writes them. */
function response(version: number, records: readonly Buffer[]): Buffer {
  const flexible = version >= 12;
  const int = (bytes: 2 | 4 | 8, value: number): Buffer => {
    const buffer = Buffer.alloc(bytes);
    buffer.writeIntBE(value, bytes === 8 ? 2 : 0, bytes === 8 ? 6 : bytes);
    return buffer;
  };
  const varint = (value: number): Buffer => {
    const bytes: number[] = [];
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
    return Buffer.from([...bytes, rest]);
  };
  const count = (value: number): Buffer => (flexible ? varint(value + 1) : int(4, value));
  const tags = flexible ? Buffer.from([0]) : Buffer.alloc(0);
  const some = flexible ? Buffer.from([1, 5, 2, 7, 7]) : Buffer.alloc(0);
  const topic =
    version >= 13 ? Buffer.alloc(16, 9) : Buffer.concat([flexible ? varint(3) : int(2, 2), Buffer.from("in")]);
  const partitions = records.map((own, index) =>
    Buffer.concat([
      int(4, index),
      int(2, 0),
      int(8, 100),
      int(8, 100),
      ...(version >= 5 ? [int(8, 0)] : []),
      count(index),
      ...Array.from({ length: index }, () => Buffer.concat([int(8, 1), int(8, 2), tags])),
      ...(version >= 11 ? [int(4, -1)] : []),
      count(own.byteLength),
      own,
      some,
    ]),
  );
  const content = Buffer.concat([
    int(4, CORRELATION_ID),
    tags,
    int(4, 0),
    ...(version >= 7 ? [int(2, 0), int(4, 0)] : []),
    count(1),
    topic,
    count(partitions.length),
    ...partitions,
    tags,
    tags,
  ]);
  return Buffer.concat([int(4, content.byteLength), content]);
}

/** A record batch of format 2. Large records are not valid. */
function batch(bytes: number): Buffer {
  const header = Buffer.alloc(61);
  header.writeBigInt64BE(40n, 0);
  header.writeInt32BE(49 + bytes, 8);
  header[16] = 2;
  header.writeInt16BE(bytes > MAX_BYTES ? 4 : 0, 21);
  header.writeInt32BE(2, 23);
  header.writeInt32BE(3, 57);
  return Buffer.concat([header, Buffer.alloc(bytes, "r")]);
}

/** A client whose only request was a fetch. */
function requestsOf(version: number): FetchRequests {
  return { version: () => version, take: (correlationId) => correlationId === CORRELATION_ID };
}

describe("the fetch responses of Kafka", () => {
  it.each([4, 6, 9, 11, 12, 13, 17])(
    "pass through unchanged, except record batches that are too large, however they are divided (version %i)",
    (version) => {
      fc.assert(
        fc.property(fc.integer({ min: 0, max: 3 }), fc.array(BYTES, { maxLength: 3 }), SIZES, (empty, all, sizes) => {
          const none = Array.from({ length: empty }, () => Buffer.alloc(0));
          const responses = all.map((bytes) => response(version, [...none, batch(bytes)]));
          const { passed, standIns } = filtered(
            (found, output) => new KafkaFrames(MAX_BYTES, found, output, requestsOf(version)),
            Buffer.concat(responses),
            sizes,
          );
          let at = 0;
          const seenAll = responses.map((original, index) => {
            const own = passed.subarray(at, at + 4 + passed.readUInt32BE(at));
            at += own.byteLength;
            if (original.byteLength - 4 <= MAX_BYTES) return own.equals(original) ? "same" : "changed";
            const records = batch(all[index]!);
            // Attributes, time, position and key of the record, then the length of its value: a marker and the beginning of the batch.
            const from = own.indexOf(Buffer.from([0, 0, 4, 1])) + 4 + 3;
            const taken = standIns.take(own.subarray(from, from + 16 + HEAD_BYTES));
            const isKnown = taken?.bytes === records.byteLength && taken.sha256 === sha256(records);
            const start = own.indexOf(records.subarray(0, 8));
            const replaced = Buffer.from(own.subarray(start, start + 12 + own.readInt32BE(start + 8)));
            // Neither compression nor other records, and the same last offset.
            const header = [replaced.readInt16BE(21), replaced.readInt32BE(23), replaced.readInt32BE(57)];
            return [isKnown, header, own.equals(response(version, [...none, replaced]))];
          });
          const isSmall = ({ byteLength }: Buffer): boolean => byteLength - 4 <= MAX_BYTES;
          expect(seenAll).toEqual(responses.map((one) => (isSmall(one) ? "same" : [true, [0, 2, 1], true])));
          expect(at).toBe(passed.byteLength);
        }),
        { numRuns: 20 },
      );
    },
  );

  it.each([4, 6, 9, 11, 12, 13, 17])(
    "have decompressed batches, and other responses are unchanged (version %i)",
    (version) => {
      const messages = Array.from({ length: 50 }, (_, n) => ({ topic: "in", value: Buffer.from(`record ${n}`) }));
      const [compressed, plain] = (["gzip", "none"] as const).map(
        (compression) => createRecordsBatch(messages, { compression }).buffer,
      ) as [Buffer, Buffer];
      const none = Buffer.alloc(0);
      const [sent, fetched] = [compressed, plain].map((records) =>
        response(version, [none, records, plain, records]),
      ) as [Buffer, Buffer];
      const run = (requests: FetchRequests): Buffer =>
        filtered((all, output) => new KafkaFrames(MAX_BYTES, all, output, requests), Buffer.concat([sent, sent]), [7])
          .passed;
      // The CRC is that of the compressed batch. The client does not check it.
      const withoutCrc = (bytes: Buffer): string =>
        bytes.toString("hex").replaceAll(/(?<=ffffffff02|0000000002)[0-9a-f]{8}/g, "");
      expect(withoutCrc(run(requestsOf(version)))).toBe(withoutCrc(Buffer.concat([fetched, fetched])));
      expect(run({ version: () => version, take: () => false }).equals(Buffer.concat([sent, sent]))).toBe(true);
    },
  );
});
