/**
 * Shortens entries of a Redis stream that are too large to be kept. The client collects a reply of any size in memory until it is complete
 * (RESP2: https://redis.io/docs/latest/develop/reference/protocol-spec/).
 */
import { type FilterOutput, LargeBody, type StandIns } from "./large-messages.ts";
import { LINE_END, LineFilter } from "./line-filter.ts";

/** Arrays around the fields of an entry in the reply of XREADGROUP: reply, stream, entries, entry. */
const FIELDS_DEPTH = 5;
const MAX_LINE = 64;

export class RedisFrames extends LineFilter {
  readonly #maxBytes: number;
  readonly #standIns: StandIns;
  /** Remaining elements of each open array. */
  readonly #open: number[] = [];
  /** Bytes of the current entry. */
  #entryBytes = 0;
  /** Set once the current entry is too large: its other fields are dropped. */
  #isLarge = false;
  /** The string that is dropped; `null`: it is one of the other fields. */
  #body: LargeBody | null = null;

  constructor(maxBytes: number, standIns: StandIns, output: FilterOutput) {
    super(output, MAX_LINE);
    this.#maxBytes = maxBytes;
    this.#standIns = standIns;
  }

  protected override announced(line: string): { readonly bytes: number; readonly isDropped: boolean } | null {
    const type = line[0];
    const count = Number(line.slice(1, -LINE_END.byteLength));
    if (type === "*" && count > 0) {
      this.#open.push(count);
      if (this.#open.length === FIELDS_DEPTH) [this.#entryBytes, this.#isLarge] = [0, false];
      return null;
    }
    if (type !== "$" || !(count >= 0)) {
      this.#elementEnded();
      return null;
    }
    const isField = this.#open.length === FIELDS_DEPTH;
    this.#entryBytes = isField ? this.#entryBytes + count : count;
    const isSkipped = isField && this.#isLarge;
    const isDropped = isSkipped || this.#entryBytes > this.#maxBytes;
    if (isDropped) {
      this.#isLarge = true;
      this.#body = isSkipped ? null : new LargeBody();
    }
    return { bytes: count, isDropped };
  }

  protected override drop(part: Buffer): void {
    this.#body?.add(part);
  }

  protected override ended(isDropped: boolean): void {
    if (isDropped) {
      const body = this.#body === null ? Buffer.alloc(0) : this.#standIns.of(this.#body);
      this.#body = null;
      this.output.pass(Buffer.concat([Buffer.from(`$${body.byteLength}\r\n`), body, LINE_END]));
    }
    this.#elementEnded();
  }

  /** Closes the arrays whose last element is complete. */
  #elementEnded(): void {
    while (this.#open.length > 0) {
      const left = this.#open.pop()! - 1;
      if (left === 0) continue;
      this.#open.push(left);
      return;
    }
  }
}
