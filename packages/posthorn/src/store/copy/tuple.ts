/**
 * Rows as bytes, in the format of PostgreSQL's binary COPY, so that rows of any table can be written to either database, compared and
 * counted. The format is a count of fields in 16 bits, then for each field its length in 32 bits and its bytes; the length of NULL is -1.
 * Integers have 8 bytes, texts are UTF-8.
 *
 * Source: PostgreSQL documentation, COPY, "Binary Format".
 */
import { hash } from "node:crypto";

/** Types that both databases have: integers of 64 bits, UTF-8 texts, bytes. */
export type ColumnType = "integer" | "text" | "blob";
export type Value = bigint | string | Uint8Array | null;

const NULL = -1;

export function encodeTuple(values: readonly Value[]): Buffer {
  let size = 2 + 4 * values.length;
  for (const value of values) size += sizeOf(value);
  const tuple = Buffer.allocUnsafe(size);
  let at = tuple.writeInt16BE(values.length, 0);
  for (const value of values) at = writeField(tuple, value, at);
  return tuple;
}

export function decodeTuple(tuple: Buffer, types: readonly ColumnType[]): Value[] {
  let at = 2;
  return types.map((type) => {
    const length = tuple.readInt32BE(at);
    at += 4;
    if (length === NULL) return null;
    const from = at;
    at += length;
    if (type === "integer") return tuple.readBigInt64BE(from);
    return type === "text" ? tuple.toString("utf8", from, at) : tuple.subarray(from, at);
  });
}

/** Returns a new tuple with the fields at these positions. */
export function pickFields(tuple: Buffer, places: readonly number[]): Buffer {
  const fields: Buffer[] = [];
  for (let at = 2; at < tuple.length;) {
    const end = at + 4 + Math.max(0, tuple.readInt32BE(at));
    fields.push(tuple.subarray(at, end));
    at = end;
  }
  const count = Buffer.allocUnsafe(2);
  count.writeInt16BE(places.length, 0);
  return Buffer.concat([count, ...places.map((place) => fields[place]!)]);
}

function sizeOf(value: Value): number {
  if (value === null) return 0;
  if (typeof value === "bigint") return 8;
  return typeof value === "string" ? Buffer.byteLength(value) : value.byteLength;
}

function writeField(tuple: Buffer, value: Value, at: number): number {
  if (value === null) return tuple.writeInt32BE(NULL, at);
  const from = tuple.writeInt32BE(sizeOf(value), at);
  if (typeof value === "bigint") return tuple.writeBigInt64BE(value, from);
  if (typeof value === "string") return from + tuple.write(value, from);
  tuple.set(value, from);
  return from + value.byteLength;
}

/** Rows that are read, written and committed together. Limited in number, and in bytes except for the last row. */
export class Batch {
  static readonly rows = 1000;
  static readonly bytes = 4 * 1024 * 1024;
  readonly tuples: Buffer[] = [];
  #bytes = 0;

  /** Adds a row. Returns whether the batch is full now. */
  add(tuple: Buffer): boolean {
    this.tuples.push(tuple);
    this.#bytes += tuple.length;
    return this.tuples.length >= Batch.rows || this.#bytes >= Batch.bytes;
  }
}

/** Counts rows and sums up their SHA-256 hashes (128 bits of each): independent of the order of rows, but sensitive to duplicates. */
export class Digest {
  rows = 0;
  bytes = 0;
  #sum = 0n;

  add(tuple: Buffer): void {
    const hashed = hash("sha256", tuple, "buffer");
    this.#sum = BigInt.asUintN(128, this.#sum + (hashed.readBigUInt64BE(0) << 64n) + hashed.readBigUInt64BE(8));
    this.rows++;
    this.bytes += tuple.length;
  }

  /** The sum as 32 hexadecimal digits. */
  get text(): string {
    return this.#sum.toString(16).padStart(32, "0");
  }
}

const HEADER = Buffer.concat([Buffer.from("PGCOPY\n\xff\r\n\0", "latin1"), Buffer.alloc(8)]);
const TRAILER = Buffer.from([0xff, 0xff]);

/** Encodes tuples as input of binary COPY FROM. */
export function copyStream(tuples: readonly Buffer[]): Buffer {
  return Buffer.concat([HEADER, ...tuples, TRAILER]);
}

/** Splits the output of binary COPY TO into tuples, however it is divided into chunks. */
export class TupleReader {
  #pieces: Buffer[] = [];
  #size = 0;
  /** Bytes required before the next tuple can be parsed. */
  #needed = HEADER.length;
  #started = false;

  push(piece: Buffer): readonly Buffer[] {
    this.#pieces.push(piece);
    this.#size += piece.length;
    if (this.#size < this.#needed) return [];
    const bytes = Buffer.concat(this.#pieces);
    const tuples: Buffer[] = [];
    // The flags and the length of the extension are 0 in every version of PostgreSQL.
    let at = this.#started ? 0 : HEADER.length;
    this.#started = true;
    for (;;) {
      const end = endOfTuple(bytes, at);
      if (end === null || end > bytes.length) {
        this.#needed = (end ?? bytes.length + 1) - at;
        break;
      }
      tuples.push(bytes.subarray(at, end));
      at = end;
    }
    this.#pieces = [bytes.subarray(at)];
    this.#size = bytes.length - at;
    return tuples;
  }
}

/** Returns the end of a tuple, beyond the bytes if it is incomplete; `null`: its length is not known yet, or it is the trailer. */
function endOfTuple(bytes: Buffer, from: number): number | null {
  if (bytes.length < from + 2) return null;
  const fields = bytes.readInt16BE(from);
  if (fields < 0) return null;
  let at = from + 2;
  for (let field = 0; field < fields; field++) {
    if (bytes.length < at + 4) return null;
    at += 4 + Math.max(0, bytes.readInt32BE(at));
    if (at > bytes.length) return at;
  }
  return at;
}
