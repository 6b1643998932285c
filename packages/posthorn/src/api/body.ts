/** Reads request bodies: JSON whatever the content type says, kept beside its bytes. */
import { isUtf8 } from "node:buffer";
import { ValidationError } from "../lib/errors.ts";
import { findMistake } from "../lib/json-mistake.ts";

export interface ParsedBody {
  readonly raw: Buffer;
  readonly value: unknown;
  /** The lines of a body of NDJSON, not parsed. */
  readonly lines?: readonly Buffer[];
}

export const NDJSON = "application/x-ndjson";

const NEWLINE = 0x0a;
const SPACE = 0x20;

/**
 * Cuts a body into its lines; empty ones, such as the one after the last newline, are none. Stops after `most` lines: a body of short ones
 * would otherwise become millions of buffers.
 */
export function splitLines(raw: Buffer, most: number): ParsedBody {
  const lines: Buffer[] = [];
  for (let start = firstOfLine(raw, 0); start < raw.length && lines.length < most;) {
    const newline = raw.indexOf(NEWLINE, start);
    const end = newline === -1 ? raw.length : newline;
    lines.push(raw.subarray(start, end));
    start = firstOfLine(raw, end);
  }
  return { raw, value: {}, lines };
}

/** The next byte that is neither white space nor a control character. A loop of its own: an empty line costs no buffer. */
function firstOfLine(raw: Buffer, from: number): number {
  let at = from;
  while (at < raw.length && raw[at]! <= SPACE) at++;
  return at;
}

/** Parses a body. An empty one is an empty object: some clients send nothing where others send `{}`. */
export function parseBody(raw: Buffer): ParsedBody {
  if (raw.length === 0) return { raw, value: {} };
  if (!isUtf8(raw)) throw malformed("It is not UTF-8.");
  const text = raw.toString("utf8");
  try {
    return { raw, value: JSON.parse(text) };
  } catch (cause) {
    throw malformed(describe(text), cause);
  }
}

function malformed(reason: string, cause?: unknown): ValidationError {
  return new ValidationError(
    [{ loc: ["body"], msg: `The body is not JSON. ${reason}`, type: "value_error.jsondecode" }],
    { cause },
  );
}

function describe(text: string): string {
  const at = findMistake(text);
  if (at >= text.length) return `It ends too early, at position ${at}.`;
  // By code point, so that an emoji is not shown as half of one.
  return `At position ${at} it has ${JSON.stringify(String.fromCodePoint(text.codePointAt(at)!))}, which cannot stand there.`;
}
