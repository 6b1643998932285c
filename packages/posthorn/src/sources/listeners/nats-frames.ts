/**
 * Shortens messages of NATS that are too large to be kept. The client collects a message in memory until it is complete
 * (https://docs.nats.io/reference/reference-protocols/nats-protocol).
 */
import { type FilterOutput, LargeBody, type StandIns } from "./large-messages.ts";
import { LINE_END, LineFilter } from "./line-filter.ts";

/** Subject, reply subject and numbers. */
const MAX_LINE = 8192;
/** Headers that are larger are dropped with the body. */
const MAX_HEADERS = 65_536;
const NO_HEADERS = Buffer.from("NATS/1.0\r\n\r\n");

interface Dropped {
  /** Words of its line, without the numbers. */
  readonly words: readonly string[];
  /** `null`: the message has none. */
  readonly headers: { left: number; readonly parts: Buffer[] | null } | null;
  readonly body: LargeBody;
}

export class NatsFrames extends LineFilter {
  readonly #maxBytes: number;
  readonly #standIns: StandIns;
  #dropped: Dropped | null = null;

  constructor(maxBytes: number, standIns: StandIns, output: FilterOutput) {
    super(output, MAX_LINE);
    this.#maxBytes = maxBytes;
    this.#standIns = standIns;
  }

  protected override announced(line: string): { readonly bytes: number; readonly isDropped: boolean } | null {
    const words = line.trimEnd().split(/[ \t]+/);
    const hasHeaders = /^hmsg$/i.test(words[0]!);
    if (!hasHeaders && !/^msg$/i.test(words[0]!)) return null;
    const bytes = Number(words.at(-1));
    // The client refuses a value that is not a number.
    if (!Number.isSafeInteger(bytes) || bytes < 0) return null;
    const isDropped = bytes > this.#maxBytes;
    if (isDropped) {
      const left = hasHeaders ? Number(words.at(-2)) : 0;
      this.#dropped = {
        words: words.slice(0, hasHeaders ? -2 : -1),
        headers: hasHeaders ? { left, parts: left > MAX_HEADERS ? null : [] } : null,
        body: new LargeBody(),
      };
    }
    return { bytes, isDropped };
  }

  protected override drop(part: Buffer): void {
    const { headers, body } = this.#dropped!;
    let rest = part;
    if (headers !== null && headers.left > 0) {
      const own = part.subarray(0, headers.left);
      headers.left -= own.byteLength;
      headers.parts?.push(Buffer.from(own));
      rest = part.subarray(own.byteLength);
    }
    body.add(rest);
  }

  protected override ended(isDropped: boolean): void {
    if (!isDropped) return;
    const { words, headers, body } = this.#dropped!;
    this.#dropped = null;
    const kept = headers === null ? null : headers.parts === null ? NO_HEADERS : Buffer.concat(headers.parts);
    const content = Buffer.concat([...(kept === null ? [] : [kept]), this.#standIns.of(body)]);
    const numbers = kept === null ? [content.byteLength] : [kept.byteLength, content.byteLength];
    const line = `${[...words, ...numbers].join(" ")}\r\n`;
    this.output.pass(Buffer.concat([Buffer.from(line, "latin1"), content, LINE_END]));
  }
}
