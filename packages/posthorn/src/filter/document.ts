/** Documents that filters are evaluated on: the parts of a message or of an inbound request. */
import type { CompiledFilter } from "./compile.ts";
import { hasMoreFieldsThan, hasMoreValuesThan } from "../lib/value-count.ts";
import { mayHaveLargeNumbers, parseWithBigInts } from "./json.ts";
import { FilterError } from "./types.ts";

/** Facts about a message besides its body. Filters treat a missing part as absent. */
export interface DocumentFacts {
  readonly id?: string;
  readonly eventId?: string | null;
  readonly eventType?: string;
  /** Unix milliseconds. */
  readonly time?: number;
  readonly channels?: readonly string[] | null;
  readonly tags?: readonly string[] | null;
  readonly method?: string;
  readonly path?: string;
  readonly query?: Readonly<Record<string, string | readonly string[]>>;
  /** By lower-case name. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

/** Names for the body. The first is Posthorn's own; the others are aliases. */
const BODY_NAMES = ["body", "data", "payload"] as const;

/** Names that a filter may start with. */
export const DOCUMENT_ROOTS: ReadonlySet<string> = new Set([
  ...BODY_NAMES,
  "eventType",
  "topic",
  "id",
  "eventId",
  "time",
  "channels",
  "tags",
  "method",
  "path",
  "query",
  "headers",
]);

/** Maximum number of steps for all filters on one message. */
const MAX_TOTAL_STEPS = 1_000_000;

/** Maximum number of values in a body that filters evaluate. Parsing more would block the event loop for over 50 ms. */
const MAX_VALUES = 300_000;
/** The same limit for a body with numbers beyond 2^53, if a filter compares such numbers. */
const MAX_EXACT_VALUES = 30_000;
/** Maximum number of fields in a form. */
const MAX_FORM_FIELDS = 100_000;

/** A message as filters see it. The body is parsed once, when the first filter needs it. */
export class FilterDocument {
  readonly #body: Uint8Array;
  readonly #contentType: string;
  readonly #facts: Record<string, unknown>;
  /** Shared by all filters evaluated on this document. */
  readonly budget = { steps: MAX_TOTAL_STEPS };
  #parsed: Record<string, unknown> | null = null;
  #parsedExactly: Record<string, unknown> | null = null;
  #error: FilterError | null = null;

  constructor(body: Uint8Array, contentType: string, facts: DocumentFacts) {
    this.#body = body;
    this.#contentType = contentType;
    this.#facts = factsOf(facts);
  }

  /**
   * Returns the path of the filter's first clause that does not hold, or `null`.
   *
   * @throws {FilterError} if the filter cannot be evaluated.
   */
  failingClause(filter: CompiledFilter): string | null {
    return filter.failingClause(this.viewFor(filter), this.budget);
  }

  /**
   * Returns the plain value that a filter is evaluated on.
   *
   * @throws {FilterError} if the filter reads the body and the body cannot be parsed.
   */
  viewFor(filter: CompiledFilter): object {
    if (!BODY_NAMES.some((name) => filter.roots.has(name))) return this.#facts;
    if (this.#error !== null) throw this.#error;
    if (filter.exact) return (this.#parsedExactly ??= this.#withBody(parseWithBigInts));
    return (this.#parsed ??= this.#withBody(JSON.parse));
  }

  /**
   * Returns the parsed body.
   *
   * @throws {FilterError} if it is neither JSON nor a form, or too large to be parsed.
   */
  json(): unknown {
    if (this.#error !== null) throw this.#error;
    this.#parsed ??= this.#withBody(JSON.parse);
    return this.#parsed["body"];
  }

  #withBody(parse: (text: string) => unknown): Record<string, unknown> {
    try {
      const body = parseBody(this.#body, this.#contentType, parse);
      return { ...this.#facts, body, data: body, payload: body };
    } catch (error) {
      this.#error = filterErrorOf(error);
      throw this.#error;
    }
  }
}

function filterErrorOf(error: unknown): FilterError {
  if (error instanceof FilterError) return error;
  return error instanceof RangeError
    ? new FilterError("too_deep", "The body is nested too deeply for a filter.")
    : new FilterError("not_json", "The filter refers to the body, but the body is neither JSON nor a form.");
}

function factsOf({ time, eventType, ...rest }: DocumentFacts): Record<string, unknown> {
  const facts = {
    ...rest,
    ...(eventType === undefined ? {} : { eventType, topic: eventType }),
    ...(time === undefined ? {} : { time: new Date(time).toISOString() }),
  };
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined && value !== null));
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Parses a form as an object, with lists for repeated names, and anything else as JSON, regardless of its content type. Throws if that fails.
 */
function parseBody(bytes: Uint8Array, contentType: string, parse: (text: string) => unknown): unknown {
  const text = utf8.decode(bytes);
  if (!/^\s*application\/x-www-form-urlencoded\b/i.test(contentType)) {
    const isSlow = parse === parseWithBigInts && mayHaveLargeNumbers(text);
    if (hasMoreValuesThan(text, isSlow ? MAX_EXACT_VALUES : MAX_VALUES)) throw tooManyValues();
    return parse(text);
  }
  if (hasMoreFieldsThan(text, MAX_FORM_FIELDS)) throw tooManyValues();
  return formFields(new URLSearchParams(text));
}

function tooManyValues(): FilterError {
  return new FilterError("too_costly", "The body has too many values for a filter.");
}

/** Names and values, with a list for a repeated name. */
export function formFields(form: URLSearchParams): Record<string, string | string[]> {
  return Object.fromEntries(
    [...Map.groupBy(form, ([name]) => name)].map(([name, pairs]) => {
      const values = pairs.map(([, value]) => value);
      return [name, values.length === 1 ? values[0]! : values];
    }),
  );
}
