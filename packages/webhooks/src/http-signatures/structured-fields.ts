import { decodeBase64, encodeBase64 } from "../encoding.ts";

/**
 * Parser and serialiser for the part of Structured Field Values (RFC 9651) that HTTP Message Signatures use: dictionaries
 * of inner lists and items, with parameters. Parsing is strict and returns `undefined` for a malformed field.
 */

/** A token such as `sha-256`, as opposed to the string `"sha-256"`. */
export interface SfToken {
  readonly token: string;
}

/** A bare item: string, token, byte sequence, boolean, or number (integer or decimal). */
export type SfValue = string | SfToken | Uint8Array | boolean | number;

/** Parameters in the order in which they were written, because the signature covers that order. */
export type SfParameters = ReadonlyMap<string, SfValue>;

export interface SfItem {
  readonly value: SfValue;
  readonly parameters: SfParameters;
}

export interface SfInnerList {
  readonly items: readonly SfItem[];
  readonly parameters: SfParameters;
}

export type SfMember = SfItem | SfInnerList;
export type SfDictionary = ReadonlyMap<string, SfMember>;

/** Parses a dictionary (RFC 9651 section 4.2.2). Returns `undefined` when the text is not one. */
export function parseDictionary(text: string): SfDictionary | undefined {
  const cursor: Cursor = { text, at: 0 };
  const members = new Map<string, SfMember>();
  skip(cursor, SPACES);
  while (cursor.at < text.length) {
    const key = take(cursor, KEY);
    if (key === undefined) return undefined;
    const member = take(cursor, /=/y) === undefined ? flag(cursor) : parseMember(cursor);
    if (member === undefined) return undefined;
    // A repeated key replaces the earlier member and moves to the end (RFC 9651 section 4.2.2).
    members.delete(key);
    members.set(key, member);
    skip(cursor, WHITESPACE);
    if (cursor.at === text.length) return members;
    if (take(cursor, /,/y) === undefined) return undefined;
    skip(cursor, WHITESPACE);
    if (cursor.at === text.length) return undefined;
  }
  return members;
}

/** Serialises an inner list for a signature base (RFC 9651 section 4.1.1.1). */
export function serializeInnerList(list: SfInnerList): string {
  return `(${list.items.map(serializeItem).join(" ")})${serializeParameters(list.parameters)}`;
}

/** Serialises an item with its parameters (RFC 9651 section 4.1.3). */
export function serializeItem(item: SfItem): string {
  return serializeValue(item.value) + serializeParameters(item.parameters);
}

/** Serialises a dictionary member, as selected by the `key` parameter of a component. */
export function serializeMember(member: SfMember): string {
  return "items" in member ? serializeInnerList(member) : serializeItem(member);
}

/** Checks whether a text can be a structured-field string: printable ASCII only. */
export function isSfString(text: string): boolean {
  return /^[ -~]*$/.test(text);
}

interface Cursor {
  readonly text: string;
  at: number;
}

const SPACES = / */y;
const WHITESPACE = /[ \t]*/y;
const KEY = /[a-z*][a-z0-9_\-.*]*/y;
const NUMBER = /-?(?:\d{1,12}\.\d{1,3}|\d{1,15})(?![\d.])/y;
const STRING = /"((?:[ !#-[\]-~]|\\["\\])*)"/y;
const TOKEN = /[A-Za-z*][\w!#$%&'*+\-.^`|~:/]*/y;
const BYTES = /:([A-Za-z0-9+/=]*):/y;
const BOOLEAN = /\?[01]/y;
const NO_PARAMETERS: SfParameters = new Map();

function take(cursor: Cursor, pattern: RegExp): string | undefined {
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.text);
  if (found === null) return undefined;
  cursor.at = pattern.lastIndex;
  return found[1] ?? found[0];
}

function skip(cursor: Cursor, pattern: RegExp): void {
  take(cursor, pattern);
}

function flag(cursor: Cursor): SfItem | undefined {
  const parameters = parseParameters(cursor);
  return parameters && { value: true, parameters };
}

function parseMember(cursor: Cursor): SfMember | undefined {
  if (cursor.text[cursor.at] !== "(") return parseItem(cursor);
  cursor.at += 1;
  const items: SfItem[] = [];
  for (;;) {
    skip(cursor, SPACES);
    if (take(cursor, /\)/y) !== undefined) break;
    const item = parseItem(cursor);
    if (item === undefined || !/[ )]/.test(cursor.text[cursor.at] ?? "")) return undefined;
    items.push(item);
  }
  const parameters = parseParameters(cursor);
  return parameters && { items, parameters };
}

function parseItem(cursor: Cursor): SfItem | undefined {
  const value = parseValue(cursor);
  const parameters = value === undefined ? undefined : parseParameters(cursor);
  return value === undefined || parameters === undefined ? undefined : { value, parameters };
}

function parseParameters(cursor: Cursor): SfParameters | undefined {
  if (cursor.text[cursor.at] !== ";") return NO_PARAMETERS;
  const parameters = new Map<string, SfValue>();
  while (take(cursor, /;/y) !== undefined) {
    skip(cursor, SPACES);
    const key = take(cursor, KEY);
    const value = key !== undefined && take(cursor, /=/y) !== undefined ? parseValue(cursor) : true;
    if (key === undefined || value === undefined) return undefined;
    parameters.delete(key);
    parameters.set(key, value);
  }
  return parameters;
}

function parseValue(cursor: Cursor): SfValue | undefined {
  switch (cursor.text.charAt(cursor.at)) {
    case '"':
      return take(cursor, STRING)?.replace(/\\(.)/g, "$1");
    case ":": {
      const encoded = take(cursor, BYTES);
      return encoded === undefined ? undefined : decodeBase64(encoded);
    }
    case "?": {
      const boolean = take(cursor, BOOLEAN);
      return boolean === undefined ? undefined : boolean === "?1";
    }
    default: {
      const number = take(cursor, NUMBER);
      if (number !== undefined) return Number(number);
      const token = take(cursor, TOKEN);
      return token === undefined ? undefined : { token };
    }
  }
}

function serializeParameters(parameters: SfParameters): string {
  let text = "";
  for (const [key, value] of parameters) text += value === true ? `;${key}` : `;${key}=${serializeValue(value)}`;
  return text;
}

function serializeValue(value: SfValue): string {
  if (typeof value === "string") return `"${value.replace(/["\\]/g, "\\$&")}"`;
  if (typeof value === "boolean") return value ? "?1" : "?0";
  if (typeof value === "number") return String(value);
  return value instanceof Uint8Array ? `:${encodeBase64(value)}:` : value.token;
}
