/**
 * Applies redaction rules to bodies. Everything outside of redacted values stays byte for byte.
 *
 * Fails closed: if a rule cannot be applied to a body, such as a JSONPath to one that is not JSON, the whole body is redacted.
 */
import { isUtf8 } from "node:buffer";
import { findValues } from "./json-values.ts";
import type { CompiledRule } from "./rule.ts";
import { decodeString, joined, type TextRange } from "./text-ranges.ts";

/** A body that was redacted. */
export interface Redaction {
  readonly body: Buffer;
  /** Starts and ends of the redacted parts of the exact body, alternating, in ascending order. */
  readonly spans: readonly number[];
  /** The whole body was redacted. */
  readonly isWhole: boolean;
  /** How long the exact body is kept after its last delivery. */
  readonly keepExactMs: number;
}

/** Returns the hash that replaces a text. */
export type HashText = (text: string) => string;

/** Replaces masked values. */
export const MASK = "[redacted]";
/** Replaces JSON bodies that are redacted as a whole. The API shows payloads that are objects. */
export const WHOLE_JSON = JSON.stringify({ redacted: MASK });
/** Larger bodies are redacted as a whole, because searching them would take too long. */
export const MAX_REDACTED_BYTES = 4 * 1024 * 1024;
/** Limit on the work of searching patterns: instructions times characters. Takes less than a tenth of a second. */
const MAX_WORK = 6_000_000;
/** A test of a text handles this many instructions in the time in which a search handles one. */
const TEST_SPEEDUP = 16;
/** Event types whose rules are remembered. */
const MAX_TYPES = 200;

/** A part of a body to replace. */
interface Part extends TextRange {
  /** What is hashed. */
  readonly text: string;
  /** Within a string: the quotes around it stay. */
  readonly isInside: boolean;
}

class TooCostly extends Error {}

export class Redactor {
  readonly #rules: readonly CompiledRule[];
  readonly #hash: HashText;
  readonly #byType = new Map<string | null, RuleSet | null>();

  constructor(rules: readonly CompiledRule[], hash: HashText) {
    this.#rules = rules;
    this.#hash = hash;
  }

  /** Hashes a text with the key of the organisation. */
  hash(text: string): string {
    return this.#hash(text);
  }

  /**
   * Returns the redacted body; `null` if there is nothing to redact.
   *
   * @param eventType `null`: it is not known, so that every rule applies.
   */
  redact(body: Uint8Array, contentType: string, eventType: string | null): Redaction | null {
    const rules = this.#of(eventType);
    if (rules === null || body.byteLength === 0) return null;
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    const parts = rules.partsOf(bytes, contentType);
    if (parts === null) return redactAll(bytes, contentType, rules.keepExactMs);
    return parts.length === 0 ? null : this.#replaced(bytes, parts, rules.keepExactMs);
  }

  /** Redacts a text that may be the beginning of a longer one, such as a response. A path is only applied to JSON. */
  redactText(text: string, eventType: string | null): string {
    const rules = this.#of(eventType);
    if (rules === null || text === "") return text;
    const bytes = Buffer.from(text, "utf8");
    const parts = rules.partsOfText(bytes);
    if (parts === null) return MASK;
    return parts.length === 0 ? text : this.#replaced(bytes, parts, 0).body.toString("utf8");
  }

  #of(eventType: string | null): RuleSet | null {
    const known = this.#byType.get(eventType);
    if (known !== undefined) return known;
    const rules = this.#rules.filter(({ appliesTo }) => eventType === null || appliesTo(eventType));
    const set = rules.length === 0 ? null : new RuleSet(rules);
    if (this.#byType.size >= MAX_TYPES) this.#byType.clear();
    this.#byType.set(eventType, set);
    return set;
  }

  #replaced(bytes: Buffer, parts: readonly Part[], keepExactMs: number): Redaction {
    const pieces: Buffer[] = [];
    let from = 0;
    for (const { start, end, action, text, isInside } of parts) {
      const replacement = action === "mask" ? MASK : this.#hash(text);
      pieces.push(bytes.subarray(from, start), Buffer.from(isInside ? replacement : `"${replacement}"`));
      from = end;
    }
    pieces.push(bytes.subarray(from));
    const spans = parts.flatMap(({ start, end }) => [start, end]);
    return { body: Buffer.concat(pieces), spans, isWhole: false, keepExactMs };
  }
}

function redactAll(bytes: Buffer, contentType: string, keepExactMs: number): Redaction {
  const body = Buffer.from(isJsonType(contentType) ? WHOLE_JSON : MASK);
  return { body, spans: [0, bytes.byteLength], isWhole: true, keepExactMs };
}

/** The rules that apply to an event type. */
class RuleSet {
  readonly #paths: readonly CompiledRule[];
  readonly #patterns: readonly CompiledRule[];
  /** The shortest period of all rules. */
  readonly keepExactMs: number;
  #work = 0;

  constructor(rules: readonly CompiledRule[]) {
    this.#paths = rules.filter(({ path }) => path !== null);
    this.#patterns = rules.filter(({ pattern }) => pattern !== null);
    this.keepExactMs = Math.min(...rules.map((rule) => rule.keepExactMs));
  }

  /** The parts to replace, in order; `null`: the rules cannot be applied. */
  partsOf(bytes: Buffer, contentType: string): readonly Part[] | null {
    if (bytes.byteLength > MAX_REDACTED_BYTES || !isUtf8(bytes)) return null;
    return this.#bounded(() => {
      const isJson = isJsonType(contentType);
      const json = isJson || startsJson(bytes) ? this.#json(bytes) : null;
      if (json !== null) return json;
      // The positions of the values are unknown in a body that is not JSON.
      if (isJson || this.#paths.length > 0) return null;
      return isFormType(contentType) ? this.#form(bytes) : this.#plain(bytes);
    });
  }

  /** As `partsOf`, for a text that may end early. */
  partsOfText(bytes: Buffer): readonly Part[] | null {
    if (bytes.byteLength > MAX_REDACTED_BYTES) return null;
    return this.#bounded(() => {
      if (!startsJson(bytes)) return this.#plain(bytes);
      const json = this.#json(bytes);
      if (json !== null) return json;
      const beginning = this.#pathParts(bytes, null).parts;
      return merged(bytes, [...beginning, ...this.#plain(bytes)]);
    });
  }

  #bounded(find: () => readonly Part[] | null): readonly Part[] | null {
    this.#work = 0;
    try {
      return find();
    } catch (error) {
      if (error instanceof TooCostly) return null;
      throw error;
    }
  }

  /** `null`: it is not JSON. */
  #json(bytes: Buffer): readonly Part[] | null {
    const found: Part[] = [];
    const { parts, mistake } = this.#pathParts(bytes, this.#patterns.length === 0 ? null : found);
    return mistake === null ? [...parts, ...found].sort((a, b) => a.start - b.start) : null;
  }

  /** @param texts Receives the parts that patterns match; `null`: there are no patterns. */
  #pathParts(
    bytes: Buffer,
    texts: Part[] | null,
  ): { readonly parts: readonly Part[]; readonly mistake: number | null } {
    const visit =
      texts === null
        ? null
        : (kind: "string" | "name" | "number", start: number, end: number) =>
            this.#searchJson(bytes, kind, start, end, texts);
    const { values, mistake } = findValues(
      bytes,
      this.#paths.map(({ path }) => path!),
      visit,
    );
    const parts = values.map(({ start, end, path }): Part => {
      const { action } = this.#paths[path]!;
      return { start, end, action, text: action === "hash" ? textOf(bytes, start, end) : "", isInside: false };
    });
    return { parts, mistake };
  }

  #searchJson(bytes: Buffer, kind: "string" | "name" | "number", start: number, end: number, found: Part[]): void {
    if (kind === "number") {
      const text = bytes.toString("latin1", start, end);
      const [match] = this.#search(text);
      if (match !== undefined) found.push({ start, end, action: match.action, text, isInside: false });
      return;
    }
    const raw = bytes.toString("utf8", start + 1, end - 1);
    const { text, rawAt } = decodeString(raw);
    const byteAt = byteCounter(raw);
    for (const range of this.#search(text)) {
      const matched = text.slice(range.start, range.end);
      const from = start + 1 + byteAt(rawAt(range.start));
      const to = start + 1 + byteAt(rawAt(range.end));
      found.push({ start: from, end: to, action: range.action, text: matched, isInside: true });
    }
  }

  #plain(bytes: Buffer): readonly Part[] {
    const text = bytes.toString("utf8");
    const byteAt = byteCounter(text);
    return this.#search(text).map(({ start, end, action }): Part => ({
      start: byteAt(start),
      end: byteAt(end),
      action,
      text: text.slice(start, end),
      isInside: true,
    }));
  }

  /** Names and values of a form are encoded, so that each is redacted as a whole if a pattern matches it. */
  #form(bytes: Buffer): readonly Part[] {
    const body = bytes.toString("utf8");
    const parts: Part[] = [];
    const byteAt = byteCounter(body);
    for (const { 0: raw, index } of body.matchAll(/[^&=]+/g)) {
      const text = decodeForm(raw);
      const [match] = this.#search(text === null ? raw : text);
      if (match === undefined && (text === null || this.#search(raw).length === 0)) continue;
      const start = byteAt(index);
      const end = byteAt(index + raw.length);
      parts.push({ start, end, action: match?.action ?? "mask", text: text ?? raw, isInside: true });
    }
    return parts;
  }

  /** What the patterns match. */
  #search(text: string): readonly TextRange[] {
    const ranges: TextRange[] = [];
    for (const { pattern, action } of this.#patterns) {
      const { size } = pattern!;
      this.#spend(text.length * Math.max(1, size / TEST_SPEEDUP));
      if (!pattern!.test(text)) continue;
      this.#spend(text.length * size);
      for (const [start, end] of pattern!.matches(text)) ranges.push({ start, end, action });
    }
    return ranges.length < 2 ? ranges : joined(ranges);
  }

  #spend(work: number): void {
    this.#work += work;
    if (this.#work > MAX_WORK) throw new TooCostly();
  }
}

/** Returns a function that converts ascending positions of characters to positions of bytes. */
function byteCounter(text: string): (index: number) => number {
  let counted = 0;
  let bytes = 0;
  return (index) => {
    bytes += Buffer.byteLength(text.slice(counted, index));
    counted = index;
    return bytes;
  };
}

/** Joins parts of a text that overlap. */
function merged(bytes: Buffer, parts: readonly Part[]): readonly Part[] {
  const whole = new Set(parts.filter(({ isInside }) => !isInside).map(({ start }) => start));
  return joined(parts).map(({ start, end, action }) => ({
    start,
    end,
    action,
    text: textOf(bytes, start, end),
    isInside: !whole.has(start),
  }));
}

/** The part of a value that is hashed: the text of a string, so that escapes do not matter, and the bytes of all other values. */
function textOf(bytes: Buffer, start: number, end: number): string {
  const raw = bytes.toString("utf8", start, end);
  return raw.startsWith('"') && raw.endsWith('"') && raw.length > 1 ? decodeString(raw.slice(1, -1)).text : raw;
}

/** `null`: it is not encoded correctly. */
function decodeForm(raw: string): string | null {
  try {
    return decodeURIComponent(raw.replaceAll("+", " "));
  } catch {
    return null;
  }
}

function isJsonType(contentType: string): boolean {
  return /^\s*[\w.+-]+\/(?:[\w.+-]*\+)?json\s*(?:;|$)/i.test(contentType);
}

function isFormType(contentType: string): boolean {
  return /^\s*application\/x-www-form-urlencoded\s*(?:;|$)/i.test(contentType);
}

/** Whether the first character that is not white space begins an object or a list. */
function startsJson(bytes: Buffer): boolean {
  const first = bytes.find((byte) => byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09);
  return first === 0x7b || first === 0x5b;
}
