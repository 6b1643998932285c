/** Reads the body of a message for cards and templates. The work is bounded: a body that is too large to read is not shown. */
import { isUtf8 } from "node:buffer";
import { formFields } from "../../filter/document.ts";
import { mayHaveLargeNumbers, parseWithBigInts, printStart } from "../../filter/json.ts";
import { formatOf } from "../../format/media-type.ts";
import { FormatError, isMembers, NumberText, type Tree } from "../../format/tree.ts";
import { readXml } from "../../format/xml.ts";
import { hasMoreFieldsThan, hasMoreValuesThan } from "../../lib/value-count.ts";
import type { KindMessage } from "../kind.ts";
import { EMPTY, type Excerpt } from "./excerpt.ts";

const MAX_BYTES = 1024 * 1024;
const MAX_XML_BYTES = 256 * 1024;
/** Parsing more values would block the event loop for over 10 ms. */
const MAX_VALUES = 50_000;
/** Numbers with many digits take 40 times as long. */
const MAX_EXACT_VALUES = 5000;
const MAX_FORM_FIELDS = 5000;

export type EventBody =
  /** JSON, XML or a form, as plain values. Large integers are `bigint`. */
  | { readonly kind: "data"; readonly value: unknown }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "binary" }
  | { readonly kind: "too_large" };

export function readBody({ body, contentType }: Pick<KindMessage, "body" | "contentType">): EventBody {
  if (body.byteLength > MAX_BYTES) return { kind: "too_large" };
  if (!isUtf8(body)) return { kind: "binary" };
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    .toString("utf8")
    .replace(/^\ufeff/, "");
  const format = formatOf(contentType);
  if (format === "form") return readForm(text);
  const isXml = format === "xml" || (format === null && /^\s*<\?xml\b/.test(text));
  if (isXml) return readXmlBody(text);
  return readJsonBody(text);
}

function readForm(text: string): EventBody {
  if (hasMoreFieldsThan(text, MAX_FORM_FIELDS)) return { kind: "too_large" };
  return { kind: "data", value: formFields(new URLSearchParams(text)) };
}

/** Ignores the content type, because JSON is often sent without one. */
function readJsonBody(text: string): EventBody {
  if (!/^\s*[[{"\d\-tfn]/.test(text)) return { kind: "text", text };
  const limit = mayHaveLargeNumbers(text) ? MAX_EXACT_VALUES : MAX_VALUES;
  if (hasMoreValuesThan(text, limit)) return { kind: "too_large" };
  try {
    return { kind: "data", value: parseWithBigInts(text) };
  } catch (error) {
    return error instanceof SyntaxError ? { kind: "text", text } : { kind: "too_large" };
  }
}

function readXmlBody(text: string): EventBody {
  if (text.length > MAX_XML_BYTES) return { kind: "too_large" };
  try {
    return { kind: "data", value: plainValue(readXml(text)) };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { kind: "text", text };
  }
}

function plainValue(tree: Tree): unknown {
  if (tree instanceof NumberText) return Number(tree.text);
  if (isMembers(tree)) return Object.fromEntries([...tree].map(([name, part]) => [name, plainValue(part)]));
  return typeof tree === "object" && tree !== null ? tree.map(plainValue) : tree;
}

export type PlainObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is PlainObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export type Scalar = string | number | bigint | boolean;

export function isScalar(value: unknown): value is Scalar {
  return ["string", "number", "bigint", "boolean"].includes(typeof value);
}

/** Whether there is anything to show of a value. */
export function isShown(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "";
}

/** Maximum number of characters of JSON that are printed. */
const MAX_PRINTED = 10_000;

/** A value as text: scalars as they are, nothing for `null`, anything else as JSON. `more` is infinite if JSON was cut. */
export function textOf(value: unknown): Excerpt {
  if (value === undefined || value === null) return EMPTY;
  return isScalar(value) ? { text: String(value), more: 0 } : jsonOf(value);
}

export function jsonOf(value: unknown): Excerpt {
  const text = printStart(value ?? null, MAX_PRINTED + 1);
  return text.length <= MAX_PRINTED ? { text, more: 0 } : { text: text.slice(0, MAX_PRINTED), more: Infinity };
}
