/** Parses request bodies as JSON, regardless of their content type, and keeps their bytes. */
import { isUtf8 } from "node:buffer";
import type { TSchema } from "typebox";
import { invalid, ValidationError } from "../lib/errors.ts";
import { MAX_JSON_DEPTH, TOO_DEEP } from "../lib/json-depth.ts";
import { readEnvelope } from "../lib/json-envelope.ts";
import { type Fault, findMistake, JsonScanner, type Range } from "../lib/json-scanner.ts";
import { TimeSlice } from "../lib/time-slice.ts";

export interface ParsedBody {
  readonly raw: Buffer;
  /** The parsed value. In a large body, opaque members are replaced by an empty object, list or string. */
  readonly value: unknown;
  /** Unparsed lines of an NDJSON body. */
  readonly lines?: readonly Buffer[];
  /** Unparsed list items of a large body. */
  readonly items?: readonly Buffer[];
  /** Bytes of the payload, if they are already known. `value` then has an empty object in its place. */
  readonly content?: Buffer;
  /** Whether the depth and the number of values have already been checked. */
  readonly isBounded?: true;
}

/** Parts of a body that stay bytes, so that the main thread does not have to parse them. */
export interface BodyLayout {
  /** Names of members that are stored or forwarded as bytes. */
  readonly opaque: ReadonlySet<string>;
  /** Name of the member that is a list of messages. */
  readonly list: string | null;
}

export const NDJSON = "application/x-ndjson";

/** Members that hold a payload or a document in every schema that has them. */
const OPAQUE = ["payload", "data", "spec", "specRaw"] as const;
const LIST = "messages";

/** Bodies up to this size are parsed in one step, which takes at most 10 ms. Larger ones are first scanned in slices. */
export const PARSED_AT_ONCE_BYTES = 64 * 1024;
/**
 * Requests up to this size are read in one step if all but the payload fits into {@link PARSED_AT_ONCE_BYTES}. Checking the syntax of the payload
 * takes at most 1 ms.
 */
export const PUBLISHED_AT_ONCE_BYTES = 256 * 1024;
/** Maximum number of values in a large body outside opaque members. Parsing this many distinct names takes 60 ms. */
const MAX_VALUES = 50_000;
/** Bytes scanned between two checks of the time slice. */
const SCAN_STEP = 32 * 1024;

const NEWLINE = 0x0a;
const SPACE = 0x20;

export function layoutOf(schema: TSchema | undefined): BodyLayout {
  const { properties = {} } = (schema ?? {}) as { readonly properties?: object };
  return {
    opaque: new Set(OPAQUE.filter((name) => name in properties)),
    list: LIST in properties ? LIST : null,
  };
}

/**
 * Splits a body into its non-empty lines. Stops after `most` lines, because a body of short lines would otherwise become millions
 * of buffers.
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

/** Index of the next byte that is neither white space nor a control character. Skips empty lines without allocating buffers. */
function firstOfLine(raw: Buffer, from: number): number {
  let at = from;
  while (at < raw.length && raw[at]! <= SPACE) at++;
  return at;
}

/** Reads a body of any size without blocking the event loop. */
export function readBody(raw: Buffer, layout: BodyLayout): ParsedBody | Promise<ParsedBody> {
  return raw.length <= PARSED_AT_ONCE_BYTES ? parseBody(raw) : scanBody(raw, layout);
}

/** Members that can hold the payload of a message. */
const CONTENT = ["payload", "data"] as const;

/** Reads the body of a publish request of up to {@link PUBLISHED_AT_ONCE_BYTES}. In ordinary ones, the payload stays bytes. */
export function readPublication(raw: Buffer, layout: BodyLayout): ParsedBody | Promise<ParsedBody> {
  const envelope = isUtf8(raw) ? readEnvelope(raw, CONTENT, PARSED_AT_ONCE_BYTES) : null;
  return envelope === null ? readBody(raw, layout) : { raw, ...envelope, isBounded: true };
}

/** Parses a body in one step. An empty body is an empty object, because some clients send nothing where others send `{}`. */
export function parseBody(raw: Buffer): ParsedBody {
  if (raw.length === 0) return { raw, value: {} };
  if (!isUtf8(raw)) throw malformed(NOT_UTF8);
  try {
    return { raw, value: JSON.parse(raw.toString("utf8")) };
  } catch (cause) {
    throw malformed(describe(raw, findMistake(raw)), cause);
  }
}

/** Checks the syntax in slices, then parses everything except opaque members and list items. */
async function scanBody(raw: Buffer, { opaque, list }: BodyLayout): Promise<ParsedBody> {
  if (!isUtf8(raw)) throw malformed(NOT_UTF8);
  const scanner = new JsonScanner(raw, { opaque, list, maxValues: MAX_VALUES, maxDepth: MAX_JSON_DEPTH });
  const slice = new TimeSlice();
  while (!scanner.advance(SCAN_STEP)) if (slice.isOver) await slice.next();
  if (scanner.fault !== null) throw refusalOf(scanner.fault, raw);
  const value: unknown = JSON.parse(outline(raw, scanner.cuts));
  const body = { raw, value, isBounded: true } as const;
  if (list === null) return body;
  return { ...body, items: scanner.items.map(({ start, end }) => raw.subarray(start, end)) };
}

/** Text of the body, with empty values in place of the cut parts. */
function outline(raw: Buffer, cuts: readonly Range[]): string {
  let text = "";
  let from = 0;
  for (const { start, end } of cuts) {
    text += raw.toString("utf8", from, start + 1) + raw.toString("utf8", end - 1, end);
    from = end;
  }
  return text + raw.toString("utf8", from);
}

function refusalOf(fault: Fault, raw: Buffer): ValidationError {
  if (fault.kind === "syntax") return malformed(describe(raw, fault.at));
  const place = fault.member === null ? ["body"] : ["body", fault.member];
  if (fault.kind === "deep") return invalid(place, TOO_DEEP);
  return invalid(place, `The request has too many values: outside of payloads, it can have up to ${MAX_VALUES}.`);
}

const NOT_UTF8 = "It is not encoded in UTF-8.";

function malformed(reason: string, cause?: unknown): ValidationError {
  return new ValidationError(
    [{ loc: ["body"], msg: `The body is not valid JSON. ${reason}`, type: "value_error.jsondecode" }],
    { cause },
  );
}

/** Describes the syntax error at this byte. The position is in characters, as editors count. */
function describe(raw: Buffer, at: number): string {
  const position = raw.toString("utf8", 0, at).length;
  if (at >= raw.length) return `It ends too early, at position ${position}.`;
  // By code point, so that an emoji is not shown as half of one.
  const character = String.fromCodePoint(raw.toString("utf8", at, at + 4).codePointAt(0)!);
  return `Unexpected ${JSON.stringify(character)} at position ${position}.`;
}
