/**
 * Templates of cards: text with `{{ path | filter: argument }}`. A template reads values and formats them. It has no loops, no conditions and
 * no code, so that its time and output are bounded by its length.
 *
 *     {{ body.customer.name }}                          a value; nothing if it is absent
 *     {{ body["odd name"][0] }}, {{ body.items[-1] }}   names in quotes, items from the start or the end
 *     {{ eventType | humanise }}                        a filter
 *     {{ body.status | map: "firing", "error", "resolved", "success" | default: "info" }}
 */
import type { KindMessage } from "../kind.ts";
import { type EventBody, isObject, textOf } from "./event.ts";
import { type Excerpt, MAX_UNITS } from "./excerpt.ts";
import { type Filter, FILTERS } from "./template-filters.ts";

/** Longest template that can be saved. */
export const MAX_TEMPLATE = 4000;
/** Maximum number of `{{ … }}` in a template. */
const MAX_TAGS = 100;

/** What templates can read. */
export type TemplateScope = Readonly<Record<string, unknown>>;

export class TemplateError extends Error {
  override readonly name = "TemplateError";
}

interface Call {
  readonly filter: Filter;
  readonly values: readonly (string | number)[];
}

interface Tag {
  /** A literal, or the path of a value. */
  readonly source: { readonly literal: string | number } | { readonly path: readonly (string | number)[] };
  readonly calls: readonly Call[];
}

type Part = string | Tag;

export interface Template {
  readonly parts: readonly Part[];
}

const ROOTS = ["body", "data", "payload", "eventType", "topic", "id", "eventId", "time", "test"] as const;

/** The same names as in filters of endpoints (`filter/document.ts`), and `test`. */
export function scopeOf(message: KindMessage, body: EventBody): TemplateScope {
  const value = body.kind === "data" ? body.value : body.kind === "text" ? body.text : undefined;
  const { id, eventType, eventId, createdAt, isTest } = message;
  const time = new Date(createdAt).toISOString();
  return { body: value, data: value, payload: value, eventType, topic: eventType, id, eventId, time, test: isTest };
}

/** @throws {TemplateError} with what is wrong and where. */
export function parseTemplate(text: string): Template {
  const parts: Part[] = [];
  let at = 0;
  for (let tags = 0; ; tags++) {
    const open = text.indexOf("{{", at);
    if (open > at || open === -1) parts.push(text.slice(at, open === -1 ? undefined : open));
    if (open === -1) return { parts };
    if (tags === MAX_TAGS) throw new TemplateError(`The template has more than ${MAX_TAGS} values in {{ }}.`);
    const parser = new TagParser(text, open + 2);
    parts.push(parser.tag());
    at = parser.at;
  }
}

/** What is wrong with a template; `null`: nothing. */
export function templateProblem(text: string): string | null {
  try {
    parseTemplate(text);
    return null;
  } catch (error) {
    if (error instanceof TemplateError) return error.message;
    throw error;
  }
}

export function renderTemplate(template: Template, scope: TemplateScope): Excerpt {
  let text = "";
  let more = 0;
  for (const part of template.parts) {
    const next = typeof part === "string" ? { text: part, more: 0 } : renderTag(part, scope);
    if (text.length > MAX_UNITS) more += next.text.length;
    else text += next.text;
    more += next.more;
  }
  return { text, more };
}

function renderTag({ source, calls }: Tag, scope: TemplateScope): Excerpt {
  const first = "literal" in source ? source.literal : valueAt(scope, source.path);
  return textOf(calls.reduce<unknown>((value, { filter, values }) => filter.apply(value, values), first));
}

/** The value at a path; `undefined`: none. */
export function valueAt(root: unknown, path: readonly (string | number)[]): unknown {
  let value = root;
  for (const step of path) {
    if (typeof step === "number") value = Array.isArray(value) ? value.at(step) : undefined;
    else value = isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return value;
}

const NAME = /[\p{L}_$@#][\p{L}\p{N}_$@#-]*/uy;
const NUMBER = /-?\d{1,9}(?:\.\d{1,9})?/y;
const SPACE = /\s*/y;

/** Reads one `{{ … }}`. */
class TagParser {
  readonly #text: string;
  readonly #start: number;
  at: number;

  constructor(text: string, at: number) {
    this.#text = text;
    this.#start = at - 2;
    this.at = at;
  }

  tag(): Tag {
    const literal = this.#literal();
    const source = literal === null ? { path: this.#path() } : { literal };
    const calls: Call[] = [];
    while (this.#take("|")) calls.push(this.#call());
    if (!this.#take("}}")) throw this.#error('expected "|" or "}}"');
    return { source, calls };
  }

  #path(): (string | number)[] {
    const root = this.#match(NAME);
    if (root === null) throw this.#error("expected the path of a value, such as body.amount");
    if (!ROOTS.some((name) => name === root))
      throw this.#error(`"${root}" is unknown. Paths start with ${list(ROOTS)}`);
    const path: (string | number)[] = [root];
    for (;;) {
      if (this.#take(".")) path.push(this.#name());
      else if (this.#take("[")) path.push(this.#index());
      else return path;
    }
  }

  #name(): string {
    const name = this.#match(NAME) ?? this.#match(NUMBER);
    if (name === null) throw this.#error('expected a name after the dot; put unusual names in quotes: body["my name"]');
    return name;
  }

  #index(): string | number {
    const index = this.#literal();
    if (index === null || (typeof index === "number" && !Number.isInteger(index))) {
      throw this.#error("expected a whole number or a name in quotes after [");
    }
    if (!this.#take("]")) throw this.#error('expected "]"');
    return index;
  }

  #call(): Call {
    const name = this.#match(NAME);
    if (name === null) throw this.#error(`expected a filter after "|": ${list(Object.keys(FILTERS))}`);
    const filter = Object.hasOwn(FILTERS, name) ? FILTERS[name] : undefined;
    if (filter === undefined) throw this.#error(`"${name}" is not a filter. Filters are ${list(Object.keys(FILTERS))}`);
    const values: (string | number)[] = [];
    if (this.#take(":")) {
      do {
        const value = this.#literal();
        if (value === null) throw this.#error(`expected text in quotes or a number as argument of "${name}"`);
        values.push(value);
      } while (this.#take(","));
    }
    const problem = filter.check(values);
    if (problem !== null) throw this.#error(`the filter "${name}" ${problem}`);
    return { filter, values };
  }

  /** Text in quotes, or a number; `null`: something else follows. */
  #literal(): string | number | null {
    const quote = this.#take('"') ? '"' : this.#take("'") ? "'" : null;
    if (quote === null) {
      const number = this.#match(NUMBER);
      return number === null ? null : Number(number);
    }
    const end = this.#text.indexOf(quote, this.at);
    if (end === -1) throw this.#error("a quote is not closed");
    const literal = this.#text.slice(this.at, end);
    this.at = end + 1;
    return literal;
  }

  #take(token: string): boolean {
    this.#match(SPACE);
    if (!this.#text.startsWith(token, this.at)) return false;
    this.at += token.length;
    return true;
  }

  #match(pattern: RegExp): string | null {
    if (pattern !== SPACE) this.#match(SPACE);
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.#text)?.[0] ?? null;
    if (found !== null) this.at += found.length;
    return found;
  }

  #error(problem: string): TemplateError {
    const before = this.#text.slice(0, this.#start);
    const line = before.split("\n").length;
    const shown = this.#text.slice(this.#start, this.#start + 40).replace(/\s+/g, " ");
    return new TemplateError(`Line ${line}, at ${JSON.stringify(shown)}: ${problem}.`);
  }
}

function list(names: readonly string[]): string {
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
