/** JSONPath for untrusted paths: RFC 9535 without the parts that could read a value more than once. */
import { jsonpath, JSONPathEnvironment, JSONPathError, type JSONPathNodeList, type JSONPathQuery } from "json-p3";

/** The path is not valid or not allowed. The message tells its author why. */
export class JsonPathError extends Error {
  override readonly name = "JsonPathError";
}

/** Finds values in a JSON value. */
export interface JsonPath {
  readonly source: string;
  /** Whether it contains `..`, which reads every value. */
  readonly deep: boolean;
  /** @throws {JsonPathError} when the value is nested too deeply for a path with `..`. */
  values(json: unknown): readonly unknown[];
  /** Like `values`, but returns where they are. */
  locations(json: unknown): readonly (readonly (string | number)[])[];
  /** For code that finds the values in JSON text without parsing it. */
  readonly steps: readonly PathStep[];
}

/** A step from a value to some of the values in it. `deep`: to those at any depth. */
export type PathStep =
  | { readonly kind: "name"; readonly deep: boolean; readonly name: string }
  | { readonly kind: "index"; readonly deep: false; readonly index: number }
  | {
      readonly kind: "slice";
      readonly deep: false;
      readonly start: number | null;
      readonly end: number | null;
      readonly step: number | null;
    }
  | { readonly kind: "any"; readonly deep: false };

const MAX_LENGTH = 256;
const MAX_SEGMENTS = 32;
/** Maximum depth of `..`. */
const MAX_DEPTH = 64;

const environment = new JSONPathEnvironment({ maxRecursionDepth: MAX_DEPTH });
const { FilterSelector, IndexSelector, NameSelector, SliceSelector } = jsonpath.selectors;
/** The package does not export the class of `..`. */
const DescendantSegment = environment.compile("$..a").segments[0]!.constructor;

/** @throws {JsonPathError} */
export function compilePath(source: string): JsonPath {
  if (source.length > MAX_LENGTH) throw new JsonPathError(`A path may have at most ${MAX_LENGTH} characters.`);
  const query = parsed(source);
  if (query.segments.length > MAX_SEGMENTS) throw new JsonPathError(`A path may have at most ${MAX_SEGMENTS} steps.`);
  const deep = query.segments.filter((segment) => segment instanceof DescendantSegment);
  if (deep.length > 1 || deep.some(({ selectors }) => !(selectors[0] instanceof NameSelector))) {
    throw new JsonPathError("A path may have `..` once, followed by a name.");
  }
  // With several selectors in a step, or with filters, a path can read the same values many times.
  if (query.segments.some((segment) => segment.selectors.length !== 1)) {
    throw new JsonPathError("Each step of a path has one selector: a name, an index, a slice, or `*`.");
  }
  if (query.segments.some(({ selectors }) => selectors[0] instanceof FilterSelector)) {
    throw new JsonPathError("Filters (`?`) are not supported here. Use several rules instead.");
  }
  return {
    source,
    deep: deep.length > 0,
    values: (json) => nodes(query, json).values(),
    locations: (json) => nodes(query, json).locations(),
    steps: query.segments.map(stepOf),
  };
}

function stepOf(segment: JSONPathQuery["segments"][number]): PathStep {
  const [selector] = segment.selectors;
  if (selector instanceof NameSelector) {
    return { kind: "name", deep: segment instanceof DescendantSegment, name: selector.name };
  }
  if (selector instanceof IndexSelector) return { kind: "index", deep: false, index: selector.index };
  if (selector instanceof SliceSelector) {
    const { start = null, stop: end = null, step = null } = selector;
    return { kind: "slice", deep: false, start, end, step };
  }
  return { kind: "any", deep: false };
}

function parsed(source: string): JSONPathQuery {
  try {
    return environment.compile(source);
  } catch (cause) {
    if (!(cause instanceof JSONPathError)) throw cause;
    throw new JsonPathError(`This is not a path such as $.result.ok (RFC 9535): ${cause.message}`, { cause });
  }
}

function nodes(query: JSONPathQuery, json: unknown): JSONPathNodeList {
  try {
    return query.query(json as Parameters<JSONPathQuery["query"]>[0]);
  } catch (cause) {
    if (!(cause instanceof JSONPathError)) throw cause;
    throw new JsonPathError(`The value is nested too deeply for a path with "..".`, { cause });
  }
}
