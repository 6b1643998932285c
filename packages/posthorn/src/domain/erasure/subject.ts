/** Finds the value of a data subject in payloads and in texts derived from them. */
import { FilterDocument } from "../../filter/document.ts";
import { FilterError } from "../../filter/types.ts";
import { compilePath, type JsonPath, JsonPathError } from "../../lib/json-path.ts";
import { MAX_CHAIN } from "../watch/watch.ts";

/** Shorter values are only looked for at the path, because they would match too many other texts. */
const MIN_TEXT = 4;
/** Numbers with more digits are rounded when they are parsed. */
const LONG_NUMBER = /^-?\d{16,}$/;

const lenient = new TextDecoder("utf-8");

/** `unreadable`: the body could not be parsed. */
export type SubjectMatch = "path" | "text" | "none" | "unreadable";

export interface WatchScope {
  /** Public IDs of the watches whose events can contain messages of the scope. */
  readonly watches: ReadonlySet<string>;
  /** Types of the messages to erase; `null`: all. */
  readonly eventTypes: ReadonlySet<string> | null;
}

export class Subject {
  readonly value: string;
  readonly #path: JsonPath;
  /** Forms in which texts contain the value. */
  readonly #forms: readonly string[];

  constructor(path: string, value: string) {
    this.value = value;
    this.#path = compilePath(path);
    this.#forms = value.length < MIN_TEXT ? [] : [...new Set([value, this.jsonForm, encodeURIComponent(value)])];
  }

  /** The value as it is written in JSON, without quotes. */
  get jsonForm(): string {
    return JSON.stringify(this.value).slice(1, -1);
  }

  /** Whether a payload can contain the value in other forms than `jsonForm`, without escapes: as a number such as 4.2e1. */
  get isNumeric(): boolean {
    return this.value.trim() !== "" && Number.isFinite(Number(this.value));
  }

  /** Whether the value is long enough to be looked for in texts. */
  get isText(): boolean {
    return this.#forms.length > 0;
  }

  equals(found: unknown): boolean {
    if (typeof found === "string") return found === this.value;
    return (typeof found === "number" || typeof found === "boolean") && String(found) === this.value;
  }

  occursIn(text: string): boolean {
    return this.#forms.some((form) => text.includes(form));
  }

  /**
   * Whether the value is at the path in a body. A body that is neither JSON nor a form, or too large to be parsed, matches if its text contains
   * the value.
   */
  matchBody(body: Uint8Array, contentType: string): SubjectMatch {
    const json = parsed(body, contentType);
    if (json === undefined) return this.#matchText(body);
    try {
      return this.#isAtPath(json, body) ? "path" : "none";
    } catch (error) {
      if (error instanceof JsonPathError) return this.#matchText(body);
      throw error;
    }
  }

  /** Whether the event of a watch reports a key with this name, or contains a message that matches. */
  matchWatchEvent(body: Uint8Array, { watches, eventTypes }: WatchScope): boolean {
    let event = parsed(body, "application/json");
    for (let depth = 0; depth <= MAX_CHAIN && isWatchEvent(event, watches); depth++) {
      if (this.equals(event.key) || this.equals(event.value) || this.equals(event.previous)) return true;
      const sample = event.sample ?? {};
      const isInScope = eventTypes === null || (sample.eventType !== undefined && eventTypes.has(sample.eventType));
      if (isInScope && sample.data !== undefined && this.#isAtPathOrText(sample.data)) return true;
      event = sample.data;
    }
    return false;
  }

  #isAtPathOrText(json: unknown): boolean {
    if (typeof json === "string") return this.occursIn(json);
    try {
      return this.#path.values(json).some((found) => this.equals(found));
    } catch (error) {
      if (error instanceof JsonPathError) return this.occursIn(JSON.stringify(json));
      throw error;
    }
  }

  #isAtPath(json: unknown, body: Uint8Array): boolean {
    const found = this.#path.values(json);
    if (found.some((one) => this.equals(one))) return true;
    if (!LONG_NUMBER.test(this.value)) return false;
    return found.some((one) => one === Number(this.value)) && lenient.decode(body).includes(this.value);
  }

  #matchText(body: Uint8Array): SubjectMatch {
    return this.occursIn(lenient.decode(body)) ? "text" : "unreadable";
  }
}

interface WatchEventBody {
  readonly watch: { readonly id: string };
  readonly key?: unknown;
  readonly value?: unknown;
  readonly previous?: unknown;
  readonly sample?: { readonly eventType?: string; readonly data?: unknown } | null;
}

function isWatchEvent(json: unknown, watches: ReadonlySet<string>): json is WatchEventBody {
  if (typeof json !== "object" || json === null || !("watch" in json)) return false;
  const { watch } = json;
  if (typeof watch !== "object" || watch === null || !("id" in watch)) return false;
  return typeof watch.id === "string" && watches.has(watch.id);
}

function parsed(body: Uint8Array, contentType: string): unknown {
  try {
    return new FilterDocument(body, contentType, {}).json();
  } catch (error) {
    if (error instanceof FilterError) return undefined;
    throw error;
  }
}
