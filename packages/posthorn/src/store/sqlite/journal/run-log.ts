/** Encodes the statements that a transaction ran, with their parameters, so that they can be run again. */
import type { SQLInputValue } from "node:sqlite";

const TYPE = { null: 0, number: 1, bigint: 2, text: 3, bytes: 4 } as const;
const FIRST_BYTES = 8 * 1024;
/** Longest text, in UTF-16 units, that is written without a call of native code. */
const MAX_SHORT = 48;

/** One execution of a statement. */
export interface Run {
  /** Index in the list of statements. */
  readonly statement: number;
  readonly values: readonly SQLInputValue[];
}

/** Collects executions of statements in one buffer. */
export class RunLog {
  // Not a part of the memory that Node shares among small buffers, so that the offsets of the view are those of the buffer.
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  /** Writes numbers without the checks of `Buffer`. */
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  #count = 0;

  get length(): number {
    return this.#length;
  }

  /** Number of executions. */
  get count(): number {
    return this.#count;
  }

  /** The encoded executions, valid until the next call of another method. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = this.#count = 0;
  }

  add(statement: number, values: readonly SQLInputValue[]): void {
    this.#count++;
    this.#reserve(4);
    this.#view.setUint16(this.#length, statement, true);
    this.#view.setUint16(this.#length + 2, values.length, true);
    this.#length += 4;
    for (const value of values) this.#addValue(value);
  }

  #addValue(value: SQLInputValue): void {
    if (typeof value === "string") this.#addText(value);
    else if (typeof value === "number") {
      this.#addType(TYPE.number, 8);
      this.#view.setFloat64(this.#length, value, true);
      this.#length += 8;
    } else if (value === null) this.#addType(TYPE.null, 0);
    else if (typeof value === "bigint") {
      this.#addType(TYPE.bigint, 8);
      this.#view.setBigInt64(this.#length, value, true);
      this.#length += 8;
    } else {
      const bytes =
        value instanceof Uint8Array ? value : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
      this.#addType(TYPE.bytes, 4 + bytes.byteLength);
      this.#view.setUint32(this.#length, bytes.byteLength, true);
      this.#bytes.set(bytes, this.#length + 4);
      this.#length += 4 + bytes.byteLength;
    }
  }

  #addText(text: string): void {
    // A UTF-16 unit has at most three bytes in UTF-8.
    this.#addType(TYPE.text, 4 + 3 * text.length);
    const from = this.#length + 4;
    const size = writeShortAscii(this.#bytes, text, from) ? text.length : this.#bytes.write(text, from, "utf8");
    this.#view.setUint32(this.#length, size, true);
    this.#length = from + size;
  }

  #addType(type: number, valueBytes: number): void {
    this.#reserve(1 + valueBytes);
    this.#bytes[this.#length++] = type;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** Writes a short text of ASCII characters: a call of native code takes longer. False: it is another text. */
function writeShortAscii(bytes: Buffer, text: string, from: number): boolean {
  if (text.length > MAX_SHORT) return false;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit > 127) return false;
    bytes[from + index] = unit;
  }
  return true;
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
