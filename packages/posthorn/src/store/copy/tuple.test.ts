import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Batch, copyStream, decodeTuple, Digest, encodeTuple, pickFields, TupleReader, type Value } from "./tuple.ts";

const value = fc.oneof(
  fc.constant(null),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.string({ unit: "grapheme" }).map((text) => text.toWellFormed()),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
);
const row = fc.array(value, { minLength: 1, maxLength: 6 });

function typeOf(given: Value) {
  if (typeof given === "bigint") return "integer";
  return typeof given === "string" ? "text" : "blob";
}

describe("tuples", () => {
  it("preserve every 64-bit integer, every text and every byte", () => {
    fc.assert(
      fc.property(row, (values) => {
        expect(decodeTuple(encodeTuple(values), values.map(typeOf))).toEqual(values);
      }),
    );
  });

  it("are read completely from a stream that arrives in any chunks", () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 8 }), fc.integer({ min: 1, max: 50 }), (rows, size) => {
        const tuples = rows.map((values) => encodeTuple(values));
        const stream = copyStream(tuples);
        const reader = new TupleReader();
        const read: Buffer[] = [];
        for (let at = 0; at < stream.length; at += size) read.push(...reader.push(stream.subarray(at, at + size)));
        expect(read).toEqual(tuples);
      }),
    );
  });

  it("can be reduced to the fields at given positions", () => {
    const tuple = encodeTuple([1n, null, "three", Buffer.of(4)]);
    expect(pickFields(tuple, [2, 0])).toEqual(encodeTuple(["three", 1n]));
    expect(pickFields(tuple, [1, 3])).toEqual(encodeTuple([null, Buffer.of(4)]));
  });

  it("are batched up to a number and a size, which a batch exceeds by at most one row", () => {
    const many = new Batch();
    const small = encodeTuple([1n]);
    for (let at = 1; at < Batch.rows; at++) expect(many.add(small)).toBe(false);
    expect(many.add(small)).toBe(true);
    const large = new Batch();
    expect(large.add(encodeTuple([Buffer.alloc(Batch.bytes - 100)]))).toBe(false);
    expect(large.add(encodeTuple([Buffer.alloc(200)]))).toBe(true);
  });
});

describe("digest", () => {
  const digestOf = (...rows: Value[][]): string => {
    const digest = new Digest();
    for (const values of rows) digest.add(encodeTuple(values));
    return digest.text;
  };

  it("is the same in any order, and different when a row is changed, missing or duplicated", () => {
    const one: Value[] = [1n, "a"];
    const two: Value[] = [2n, null];
    expect(digestOf(one, two)).toBe(digestOf(two, one));
    const others = [digestOf(one), digestOf(one, two, two), digestOf(one, [2n, ""]), digestOf([1n, "b"], two)];
    expect(new Set([digestOf(one, two), ...others]).size).toBe(5);
  });
});
