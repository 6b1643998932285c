/**
 * Parameters of a statement as one message of PostgreSQL's protocol, all in binary format. The server reads arrays of them with less CPU
 * time than the texts that `pg` writes. The payloads of a batch are copied once, into memory that is used again, and large ones not at all: `pg`
 * copies them several times into new buffers, and hundreds of kilobytes per batch outside of V8's heap make V8 collect garbage several times a second.
 */
import pg from "pg";
import type { Cell, HotColumn } from "../../hot-columns.ts";

/** A column of the rows of a batch, and its array parameter. */
export type Column<Row> = HotColumn<string, Row>;

/** Object identifiers of the element types, which are the same in every database. */
const OID = { bigint: 20, int: 23, text: 25 } as const;
const CODE = "B".charCodeAt(0);
const BINARY = 1;
const TEXT = 0;
const NULL_LENGTH = -1;
/** A UTF-16 code unit needs at most three bytes in UTF-8. */
const MAX_BYTES_PER_UNIT = 3;
const TWO_TO_32 = 2 ** 32;

const NUMERIC_VALUE_OUT_OF_RANGE = "22003";

const MIN_BYTES = 64 * 1024;
/** Larger buffers are not used again. */
const MAX_KEPT_BYTES = 1024 * 1024;
/** One for each of the messages that are sent at the same time. */
const MAX_KEPT = 6;
const kept: Buffer[] = [];
/** Chunks of this size are sent from where they are. */
const LARGE_BYTES = 16 * 1024;

/** Bytes that are sent between two parts of the memory. */
interface Inserted {
  /** Offset in the memory. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

export class BindMessage {
  #bytes: Buffer;
  #view: DataView;
  #end = 0;
  readonly #inserted: Inserted[] = [];
  #insertedBytes = 0;

  /** @param name Of the prepared statement. @param parameters Number of its parameters, which are added in their order. */
  constructor(name: string, parameters: number) {
    this.#bytes = kept.pop() ?? Buffer.allocUnsafeSlow(MIN_BYTES);
    this.#view = viewOf(this.#bytes);
    this.#byte(CODE);
    this.#int32(0);
    // The portal without a name.
    this.#byte(0);
    this.#end += this.#bytes.write(name, this.#end);
    this.#byte(0);
    // One format for all parameters.
    this.#int16(1);
    this.#int16(BINARY);
    this.#int16(parameters);
  }

  /**
   * Adds one array per column, with one element per row; NULL for a column of which every cell is `null`. `unnest` of several arrays extends
   * those that are shorter with NULLs, so at least one column must have a value in each row.
   */
  arrays<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): this {
    for (const column of columns) this.#array(rows, column);
    return this;
  }

  bigint(value: number): this {
    this.#room(12);
    this.#bigint(value);
    return this;
  }

  /** Adds a `bytea` of these bytes, one after the other. They must not change before {@link release}. */
  concatenated(chunks: readonly Uint8Array[]): this {
    const bytes = chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const copied = chunks.reduce((sum, { byteLength }) => sum + (byteLength < LARGE_BYTES ? byteLength : 0), 0);
    this.#room(4 + copied);
    this.#int32(bytes);
    for (const chunk of chunks) {
      if (chunk.byteLength < LARGE_BYTES) {
        this.#bytes.set(chunk, this.#end);
        this.#end += chunk.byteLength;
      } else {
        this.#inserted.push({ at: this.#end, bytes: chunk });
        this.#insertedBytes += chunk.byteLength;
      }
    }
    return this;
  }

  /** Returns the whole message, in parts. They must not be used after {@link release}. */
  finish(): readonly Uint8Array[] {
    this.#room(4);
    // The results come as text, as everywhere else.
    this.#int16(1);
    this.#int16(TEXT);
    // The length includes itself, but not the code before it.
    this.#view.setInt32(1, this.#end + this.#insertedBytes - 1);
    const parts: Uint8Array[] = [];
    let from = 0;
    for (const { at, bytes } of this.#inserted) {
      if (at > from) parts.push(this.#bytes.subarray(from, at));
      parts.push(bytes);
      from = at;
    }
    parts.push(this.#bytes.subarray(from, this.#end));
    return parts;
  }

  /** Lets the next message use the memory. */
  release(): void {
    if (this.#bytes.byteLength <= MAX_KEPT_BYTES && kept.length < MAX_KEPT) kept.push(this.#bytes);
  }

  #array<Row>(rows: readonly Row[], { type, of }: Column<Row>): void {
    this.#room(24);
    const start = this.#end;
    this.#end += 4;
    // One dimension, whether there are NULLs, the type, the length, and the first index.
    for (const value of [1, 0, OID[type], rows.length, 1]) this.#int32(value);
    let nulls = 0;
    for (const row of rows) {
      const cell = of(row);
      if (cell === null) nulls++;
      this.#element(type, cell);
    }
    if (nulls > 0) this.#view.setInt32(start + 8, 1);
    if (nulls === rows.length) {
      this.#end = start;
      this.#int32(NULL_LENGTH);
    } else this.#view.setInt32(start, this.#end - start - 4);
  }

  #element(type: HotColumn<string, never>["type"], cell: Cell): void {
    if (type === "text" && typeof cell === "string") return this.#text(cell);
    this.#room(12);
    if (cell === null) this.#int32(NULL_LENGTH);
    else if (typeof cell !== "number" || !isInteger(type, cell)) throw outOfRange(cell);
    else if (type === "bigint") this.#bigint(cell);
    else {
      this.#int32(4);
      this.#int32(cell);
    }
  }

  #text(value: string): void {
    this.#room(4 + MAX_BYTES_PER_UNIT * value.length);
    const written = this.#bytes.write(value, this.#end + 4);
    this.#int32(written);
    this.#end += written;
  }

  #bigint(value: number): void {
    this.#int32(8);
    this.#int32(Math.floor(value / TWO_TO_32));
    this.#int32(value);
  }

  #int32(value: number): void {
    this.#view.setInt32(this.#end, value);
    this.#end += 4;
  }

  #int16(value: number): void {
    this.#view.setInt16(this.#end, value);
    this.#end += 2;
  }

  #byte(value: number): void {
    this.#bytes[this.#end++] = value;
  }

  #room(bytes: number): void {
    const before = this.#bytes;
    if (this.#end + bytes <= before.byteLength) return;
    this.#bytes = Buffer.allocUnsafeSlow(2 * before.byteLength + bytes);
    this.#view = viewOf(this.#bytes);
    before.copy(this.#bytes, 0, 0, this.#end);
  }
}

function isInteger(type: HotColumn<string, never>["type"], cell: number): boolean {
  if (type === "text") return false;
  return type === "bigint" ? Number.isSafeInteger(cell) : (cell | 0) === cell;
}

/**
 * The error of the server for such a number in a text. In binary form, the server would read another number, or the bytes of a number as
 * text; a text instead of a number would be an error of the protocol, which looks like a broken connection.
 */
function outOfRange(cell: string | number): pg.DatabaseError {
  const error = new pg.DatabaseError(`integer out of range: ${cell}`, 0, "error");
  error.code = NUMERIC_VALUE_OUT_OF_RANGE;
  return error;
}

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
