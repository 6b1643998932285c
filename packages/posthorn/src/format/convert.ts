/** Converts message bodies to the format of an endpoint. This folder is pure logic; it runs in transformation threads (`transform`). */
import { isUtf8 } from "node:buffer";
import { printForm, readForm } from "./form.ts";
import { printJson, readJson } from "./json.ts";
import { type Format, formatOf } from "./media-type.ts";
import { FormatError, MAX_CONVERTED_BYTES, type Tree } from "./tree.ts";
import { printXml, readXml } from "./xml.ts";

export interface Body {
  readonly bytes: Uint8Array;
  readonly contentType: string;
}

/** A body to convert to another format. */
export interface Conversion {
  readonly body: Body;
  readonly to: Format;
  readonly xmlRoot: string;
}

export type ConversionResult =
  | { readonly kind: "converted"; readonly body: Body }
  /** The body cannot be converted; `message` says why. */
  | { readonly kind: "refused"; readonly message: string };

const CONTENT_TYPES = {
  json: "application/json",
  xml: "application/xml; charset=utf-8",
  form: "application/x-www-form-urlencoded",
} as const satisfies Record<Format, string>;

/**
 * Converts a body to another format. Returns the same object if the body already has that format.
 *
 * @param xmlRoot Name of the XML root element; empty: the only member of the body becomes the root.
 * @throws {FormatError} if the body cannot be converted.
 */
export function convert(body: Body, to: Format, xmlRoot: string): Body {
  const from = formatOf(body.contentType);
  if (from === to) return body;
  if (from === null) throw new FormatError(`A body of type ${body.contentType} cannot be converted to ${to}.`);
  const tree = read(from, textOf(body.bytes));
  const text = print(to, tree, xmlRoot);
  if (!text.isWellFormed())
    throw new FormatError("A string contains half of a surrogate pair, which cannot be encoded in UTF-8.");
  const bytes = Buffer.from(text, "utf8");
  checkSize(bytes.byteLength, "The converted body");
  return { bytes, contentType: CONTENT_TYPES[to] };
}

/** Like `convert`, but returns a refusal instead of throwing. */
export function tryConvert({ body, to, xmlRoot }: Conversion): ConversionResult {
  try {
    return { kind: "converted", body: convert(body, to, xmlRoot) };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { kind: "refused", message: error.message };
  }
}

function textOf(bytes: Uint8Array): string {
  checkSize(bytes.byteLength, "The body");
  if (!isUtf8(bytes)) throw new FormatError("The body is not UTF-8.");
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  return text.startsWith("\ufeff") ? text.slice(1) : text;
}

function checkSize(size: number, what: string): void {
  if (size > MAX_CONVERTED_BYTES) throw new FormatError(`${what} has more than ${MAX_CONVERTED_BYTES} bytes.`);
}

function read(from: Format, text: string): Tree {
  switch (from) {
    case "json":
      return readJson(text);
    case "xml":
      return readXml(text);
    case "form":
      return readForm(text);
  }
}

function print(to: Format, tree: Tree, xmlRoot: string): string {
  switch (to) {
    case "json":
      return printJson(tree);
    case "xml":
      return printXml(tree, xmlRoot);
    case "form":
      return printForm(tree);
  }
}
