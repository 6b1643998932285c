/** Takes readings from a message. */
import { FilterDocument, type DocumentFacts } from "../filter/document.ts";
import { FilterError } from "../filter/types.ts";
import { pathBeyond } from "../lib/json-depth.ts";
import { JsonPathError } from "../lib/json-path.ts";
import { MAX_KEY_LENGTH } from "./parse.ts";
import { TOPIC_HEADERS } from "./selector.ts";
import type { Reading, Rule, Selector, Truth } from "./types.ts";

/** The parts of a message that conditions can read. */
export interface SampleMessage {
  readonly body: Uint8Array;
  readonly contentType: string;
  readonly facts: DocumentFacts;
}

export interface Readings {
  readonly readings: readonly Reading[];
  /** Readings without a usable key, or over the limit. */
  readonly unusable: number;
  /** Results of the `filter` leaves, in the order of all leaves. */
  readonly filters: readonly Truth[];
}

/** Readings of one message. */
export const MAX_READINGS = 1000;
/** Deepest value that is compared. */
const MAX_DEPTH = 32;

export function readingsOf({ read, leaves }: Rule, message: SampleMessage): Readings {
  const source = new Source(message);
  const filters = leaves.map((leaf) => (leaf.kind === "filter" ? source.matches(leaf.filter) : null));
  const found =
    read.items === null ? zipped(source, read) : source.items(read.items).map((item) => source.of(item, read));
  const usable = found.flatMap((reading) => (reading === null ? [] : [reading])).slice(0, MAX_READINGS);
  return { readings: usable, unusable: found.length - usable.length, filters };
}

/** One reading, or one for each of several values if there are as many keys. */
function zipped(source: Source, { value, key, time }: Rule["read"]): readonly (Reading | null)[] {
  const values = value === null ? [true] : source.all(value);
  const keys = key === null ? [""] : source.all(key);
  const times = time === null ? [] : source.all(time);
  // A heartbeat may name several keys at once.
  const count = Math.max(keys.length, 1);
  const isEach = value === null || values.length === count;
  return Array.from({ length: count }, (_, index) => {
    const one = value === null ? true : isEach ? values[index] : undefined;
    return readingOf(keys[index], one, times.length === count ? times[index] : times[0], time !== null);
  });
}

/** `null`: the reading has no key. */
function readingOf(key: unknown, value: unknown, time: unknown, hasTime: boolean): Reading | null {
  const name = typeof key === "number" || typeof key === "boolean" ? String(key) : key;
  if (typeof name !== "string" || name.length > MAX_KEY_LENGTH || hasControls(name)) return null;
  const at = hasTime ? timeIn(time) : null;
  const isReadable = !(hasTime && at === null) && pathBeyond(value, MAX_DEPTH) === null;
  return { key: name, value: isReadable ? value : undefined, time: at };
}

/** PostgreSQL stores no NUL, and lone surrogates are not text. */
function hasControls(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return /[\u0000-\u001f\u007f]/.test(text) || !text.isWellFormed();
}

/** Numbers of at least this size are milliseconds, smaller ones seconds. */
const FIRST_MILLISECONDS = 100_000_000_000;

/** RFC 3339, or Unix seconds or milliseconds. */
function timeIn(value: unknown): number | null {
  if (typeof value === "number") {
    if (!Number.isFinite(value) || value <= 0) return null;
    const ms = Math.round(value >= FIRST_MILLISECONDS ? value : value * 1000);
    return ms <= 8.64e15 ? ms : null;
  }
  if (typeof value !== "string" || value.length > 40 || !/^\d{4}-\d\d-\d\dT/.test(value)) return null;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? null : ms;
}

/** A message whose body is parsed once. */
class Source {
  readonly #message: SampleMessage;
  readonly #document: FilterDocument;
  #body: { readonly json: unknown } | null | undefined;

  constructor(message: SampleMessage) {
    this.#message = message;
    this.#document = new FilterDocument(message.body, message.contentType, message.facts);
  }

  matches(filter: Parameters<FilterDocument["failingClause"]>[0]): Truth {
    try {
      return this.#document.failingClause(filter) === null;
    } catch (error) {
      if (error instanceof FilterError) return null;
      throw error;
    }
  }

  items(path: { values(json: unknown): readonly unknown[] }): readonly unknown[] {
    const body = this.#json();
    return body === null ? [] : valuesAt(path, body.json);
  }

  /** The values that a selector finds. */
  all(selector: Selector): readonly unknown[] {
    const body = selector.kind === "json" || selector.kind === "body" ? this.#json() : null;
    if (selector.kind === "json") return body === null ? [] : valuesAt(selector.path, body.json);
    const value = selector.kind === "body" && body !== null ? body.json : this.#fact(selector);
    return value === undefined ? [] : [value];
  }

  /** The reading of one item. Paths start at the item. */
  of(item: unknown, { value, key, time }: Rule["read"]): Reading | null {
    const one = (selector: Selector | null, fallback: unknown): unknown => {
      if (selector === null) return fallback;
      const found =
        selector.kind === "json"
          ? valuesAt(selector.path, item)
          : selector.kind === "body"
            ? [item]
            : this.all(selector);
      return found.length === 1 ? found[0] : undefined;
    };
    return readingOf(one(key, ""), one(value, true), one(time, undefined), time !== null);
  }

  #fact(selector: Exclude<Selector, { readonly kind: "json" }>): unknown {
    const { facts } = this.#message;
    switch (selector.kind) {
      case "body":
        return textOf(this.#message.body);
      case "event":
        return facts[selector.field] ?? undefined;
      case "header":
        return headerOf(facts, selector.name);
      case "segment": {
        const topic = selector.of === "topic" ? topicOf(facts) : undefined;
        const segments = topic ?? facts.path?.split("/").filter((part, index) => part !== "" || index > 0);
        return segments?.[selector.index];
      }
    }
  }

  /** `null`: the body is not JSON, or is too large to be parsed. */
  #json(): { readonly json: unknown } | null {
    if (this.#body !== undefined) return this.#body;
    try {
      this.#body = { json: this.#document.json() };
    } catch (error) {
      if (!(error instanceof FilterError)) throw error;
      this.#body = null;
    }
    return this.#body;
  }
}

function valuesAt(path: { values(json: unknown): readonly unknown[] }, json: unknown): readonly unknown[] {
  try {
    return path.values(json);
  } catch (error) {
    if (error instanceof JsonPathError) return [];
    throw error;
  }
}

/** Longest body that is a value as text. */
const MAX_TEXT = 65_536;
const utf8 = new TextDecoder("utf-8", { fatal: true });

function textOf(body: Uint8Array): string | undefined {
  if (body.byteLength > MAX_TEXT) return undefined;
  try {
    return utf8.decode(body);
  } catch {
    return undefined;
  }
}

/** Segments of the topic of a message from a broker. MQTT's may begin with a slash, and then the first one is empty. */
function topicOf(facts: DocumentFacts): readonly string[] | undefined {
  for (const [name, separator] of TOPIC_HEADERS) {
    const topic = headerOf(facts, name);
    if (topic !== undefined) return topic.split(separator);
  }
  return undefined;
}

function headerOf({ headers }: DocumentFacts, name: string): string | undefined {
  const value = headers?.[name];
  return typeof value === "string" ? value : value?.[0];
}
