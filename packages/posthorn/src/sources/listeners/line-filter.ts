/** Divides the stream of a protocol that announces bodies in lines, and drops the bodies that a subclass does not want. */
import type { FilterOutput, StreamFilter } from "./large-messages.ts";

const LF = 0x0a;
/** Behind each body. */
export const LINE_END = Buffer.from("\r\n");

export abstract class LineFilter implements StreamFilter {
  protected readonly output: FilterOutput;
  /** Longer lines announce no body. They are passed on. */
  readonly #maxLine: number;
  /** Bytes of a line that is not complete. `null`: the rest of a long line is passed on. */
  #line: number[] | null = [];
  /** Remaining bytes of a body, including its end. */
  #rest = 0;
  #isDropping = false;

  constructor(output: FilterOutput, maxLine: number) {
    this.output = output;
    this.#maxLine = maxLine;
  }

  /** Bytes of the body that this line announces, and whether to drop them; `null`: it announces none. */
  protected abstract announced(line: string): { readonly bytes: number; readonly isDropped: boolean } | null;

  /** Part of a body that is dropped. */
  protected abstract drop(part: Buffer): void;

  /** A body is complete. */
  protected abstract ended(isDropped: boolean): void;

  push(chunk: Buffer): void {
    let from = 0;
    let at = 0;
    const passUntil = (end: number): void => {
      if (end > from) this.output.pass(chunk.subarray(from, end));
      from = Math.max(from, end);
    };
    while (at < chunk.byteLength) {
      if (this.#rest > 0) {
        const end = Math.min(chunk.byteLength, at + this.#rest);
        this.#rest -= end - at;
        if (this.#isDropping) {
          this.#drop(chunk.subarray(at, end));
          from = end;
        }
        at = end;
        if (this.#rest === 0) this.ended(this.#isDropping);
        continue;
      }
      const byte = chunk[at++]!;
      if (this.#line === null) {
        if (byte === LF) this.#line = [];
        continue;
      }
      this.#line.push(byte);
      const isComplete = byte === LF;
      if (!isComplete && this.#line.length <= this.#maxLine) continue;
      const line = Buffer.from(this.#line);
      this.#line = isComplete ? [] : null;
      const body = isComplete ? this.announced(line.toString("latin1")) : null;
      // A line that began in the previous chunk was not passed on with that chunk.
      const start = at - line.byteLength;
      this.#rest = body === null ? 0 : body.bytes + LINE_END.byteLength;
      this.#isDropping = body?.isDropped === true;
      if (this.#isDropping) {
        passUntil(start);
        from = at;
      } else if (start < 0) this.output.pass(line.subarray(0, -start));
    }
    passUntil(at - (this.#line?.length ?? 0));
  }

  #drop(part: Buffer): void {
    this.output.skipped(part.byteLength);
    const end = Math.max(0, LINE_END.byteLength - this.#rest);
    this.drop(part.subarray(0, Math.max(0, part.byteLength - end)));
  }
}
