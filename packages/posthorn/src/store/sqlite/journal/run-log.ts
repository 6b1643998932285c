/** Encodes the statements that a transaction ran, with their parameters, so that they can be run again. */
import type { SQLInputValue } from "node:sqlite";

const TYPE = { null: 0, number: 1, bigint: 2, text: 3, bytes: 4 } as const;
const FIRST_BYTES = 8 * 1024;

/** One execution of a statement. */
export interface Run {
  /** Index in the list of statements. */
  readonly statement: number;
  readonly values: readonly SQLInputValue[];
}

/** Collects executions of statements in one buffer. */
export class RunLog {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The encoded executions, valid until the next call of another method. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  add(statement: number, values: readonly SQLInputValue[]): void {
    this.#reserve(4);
    this.#length = this.#bytes.writeUInt16LE(statement, this.#length);
    this.#length = this.#bytes.writeUInt16LE(values.length, this.#length);
    for (const value of values) this.#addValue(value);
  }

  #addValue(value: SQLInputValue): void {
    if (value === null) this.#addType(TYPE.null, 0);
    else if (typeof value === "number") {
      this.#addType(TYPE.number, 8);
      this.#length = this.#bytes.writeDoubleLE(value, this.#length);
    } else if (typeof value === "bigint") {
      this.#addType(TYPE.bigint, 8);
      this.#length = this.#bytes.writeBigInt64LE(value, this.#length);
    } else if (typeof value === "string") {
      // A UTF-16 unit has at most three bytes in UTF-8.
      this.#addType(TYPE.text, 4 + 3 * value.length);
      const size = this.#bytes.write(value, this.#length + 4, "utf8");
      this.#length = this.#bytes.writeUInt32LE(size, this.#length) + size;
    } else {
      const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
      this.#addType(TYPE.bytes, 4 + bytes.byteLength);
      this.#length = this.#bytes.writeUInt32LE(bytes.byteLength, this.#length);
      this.#bytes.set(bytes, this.#length);
      this.#length += bytes.byteLength;
    }
  }

  #addType(type: number, valueBytes: number): void {
    this.#reserve(1 + valueBytes);
    this.#length = this.#bytes.writeUInt8(type, this.#length);
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** Decodes the executions of a {@link RunLog}. Throws a `RangeError` if the bytes end early. */
export function decodeRuns(bytes: Buffer): readonly Run[] {
  const runs: Run[] = [];
  let at = 0;
  const value = (): SQLInputValue => {
    const type = bytes.readUInt8(at++);
    if (type === TYPE.null) return null;
    const from = at;
    if (type === TYPE.number) {
      at += 8;
      return bytes.readDoubleLE(from);
    }
    if (type === TYPE.bigint) {
      at += 8;
      return bytes.readBigInt64LE(from);
    }
    const begin = from + 4;
    at = begin + bytes.readUInt32LE(from);
    if ((type !== TYPE.text && type !== TYPE.bytes) || at > bytes.length) throw new RangeError("not a log of runs");
    return type === TYPE.text ? bytes.toString("utf8", begin, at) : bytes.subarray(begin, at);
  };
  while (at < bytes.length) {
    const statement = bytes.readUInt16LE(at);
    const count = bytes.readUInt16LE(at + 2);
    at += 4;
    runs.push({ statement, values: Array.from({ length: count }, value) });
  }
  return runs;
}
