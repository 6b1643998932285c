/**
 * Validates requests with the schemas of their routes, and formats violations as API errors. Posthorn's own routes reject unknown query
 * parameters; the compatible routes report them in a header.
 */
import addFormats from "ajv-formats";
import { Ajv, type ErrorObject, type Options, type ValidateFunction } from "ajv";
import type { TSchema } from "typebox";
import { invalid, PosthornError, ValidationError, type ValidationIssue } from "../lib/errors.ts";
import { isDeeperThan, pathBeyond, TOO_DEEP } from "../lib/json-depth.ts";
import { layoutOf } from "./body.ts";
import { MODELS } from "./models/index.ts";
import { MessageBatchItem } from "./models/message-batch.ts";
import { COMPATIBLE_OPERATIONS } from "./compatible.ts";
import type { Route } from "./route.ts";
import { violationsOf } from "./violations.ts";

/** A test validates the schemas of all routes, so a process does not repeat it at each start. */
const SHARED_OPTIONS = { strict: false, useDefaults: true, allErrors: false, validateSchema: false } as const;
const bodies = compilerOf({ ...SHARED_OPTIONS, coerceTypes: false });
const queries = compilerOf({ ...SHARED_OPTIONS, coerceTypes: true });

/**
 * Returns a function that prepares a schema. The schema is compiled on its first use, since a process starts much faster without
 * compiling the schemas of all routes.
 */
function compilerOf(options: Options): (schema: TSchema) => () => ValidateFunction {
  let ajv: Ajv | null = null;
  return (schema) => {
    let compiled: ValidateFunction | null = null;
    return () => (compiled ??= (ajv ??= withModels(new Ajv(options))).compile(schema));
  };
}

function withModels(ajv: Ajv): Ajv {
  // The package is CommonJS: its default export is a function at run time, but a namespace to the compiler.
  (addFormats as unknown as (ajv: Ajv) => void)(ajv);
  ajv.addFormat("date-time", isDateTime);
  for (const model of MODELS) ajv.addSchema(model);
  return ajv;
}

const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;

/** Whether this is an RFC 3339 time that `Date` can parse, so that routes never get an invalid date. */
function isDateTime(text: string): boolean {
  return DATE_TIME.test(text) && Number.isFinite(Date.parse(text));
}

export type Validator = (value: unknown) => void;

/** Validates a body. Both wrong types and violated rules are a 422. */
export function bodyValidator(schema: TSchema): Validator {
  const compiled = bodies(schema);
  return (body) => {
    const validate = compiled();
    if (!validate(body)) throw new ValidationError(issuesOf(validate, "body"));
  };
}

/** Rejects bodies that are nested too deeply to be serialized. Only searches for the path if the body is deep at all. */
export function depthValidator(schema: TSchema | undefined): (body: unknown, raw: Uint8Array) => void {
  const { opaque, list } = layoutOf(schema);
  // Opaque members are never serialized, so they may have any depth.
  const itemOpaque = list === null ? opaque : layoutOf(MessageBatchItem).opaque;
  return (body, raw) => {
    if (!isDeeperThan(raw)) return;
    const path = list === null ? pathBeside(body, opaque) : pathInList(body, list, itemOpaque);
    if (path !== null) throw invalid(["body", ...path], TOO_DEEP);
  };
}

function pathBeside(value: unknown, opaque: ReadonlySet<string>): readonly string[] | null {
  if (opaque.size === 0 || typeof value !== "object" || value === null) return pathBeyond(value);
  return pathBeyond(Object.fromEntries(Object.entries(value).filter(([name]) => !opaque.has(name))));
}

function pathInList(body: unknown, list: string, opaque: ReadonlySet<string>): readonly string[] | null {
  const { [list]: items, ...others } = (body ?? {}) as Readonly<Record<string, unknown>>;
  if (!Array.isArray(items)) return pathBeyond(body);
  for (const [index, item] of items.entries()) {
    const path = pathBeside(item, opaque);
    if (path !== null) return [list, `[${index}]`, ...path];
  }
  return pathBeyond(others);
}

/** Keywords that fail if the text cannot be converted to a value. The other keywords are rules for the value. */
const READING = new Set(["type", "enum", "const", "anyOf", "format"]);

/** Validates a query after converting texts to numbers and booleans. A text that cannot be converted is a 400. */
export function queryValidator(schema: TSchema): Validator {
  const compiled = queries(schema);
  return (query) => {
    const validate = compiled();
    if (validate(query)) return;
    const [violation] = violationsOf(validate.errors ?? []);
    if (violation !== undefined && READING.has(violation.error.keyword)) {
      const { error, sentence } = violation;
      throw new PosthornError("bad_request", `The query parameter ${nameIn(error)} is invalid. ${sentence}`);
    }
    throw new ValidationError(issuesOf(validate, "query"));
  };
}

function issuesOf({ errors }: ValidateFunction, part: string): readonly ValidationIssue[] {
  return violationsOf(errors ?? [])
    .slice(0, 10)
    .map(({ error, sentence }) => ({
      loc: [part, ...pathOf(error)],
      msg: sentence,
      type: error.keyword === "type" || error.keyword === "required" ? "value_error.jsondecode" : "value_error",
    }));
}

function pathOf({ instancePath, keyword, params }: ErrorObject): string[] {
  const path = instancePath
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((part) => (/^\d+$/.test(part) ? `[${part}]` : part));
  if (keyword === "additionalProperties") return [...path, String(params["additionalProperty"])];
  return keyword === "required" ? [...path, String(params["missingProperty"])] : path;
}

function nameIn(error: ErrorObject): string {
  return pathOf(error)[0] ?? "";
}

/** Response header that names the query parameters that the operation ignored. */
export const WARNING_HEADER = "posthorn-warning";

/** Maximum number of names to report; a request can contain thousands. */
const MAX_NAMED = 5;
const MAX_NAME_LENGTH = 64;
/** Maximum edit distance at which a known name is suggested. */
const MAX_DISTANCE = 2;

type QueryOf = Pick<Route, "operationId" | "query">;

/** Throws a 422 that names the unknown parameters and suggests known ones. */
export function refuseUnknown(route: QueryOf, query: unknown): void {
  if (COMPATIBLE_OPERATIONS.has(route.operationId)) return;
  const unknown = unknownNames(route, query);
  if (unknown.length === 0) return;
  const known = Object.keys(route.query?.properties ?? {});
  throw new ValidationError(
    unknown.slice(0, MAX_NAMED).map((name) => {
      const text = shortened(name);
      return { loc: ["query", text], msg: unknownSentence(text, known), type: "value_error" };
    }),
  );
}

/** Value of {@link WARNING_HEADER} in printable ASCII; `null` if every parameter is known, or the route rejects unknown ones. */
export function unknownWarning(route: QueryOf, query: unknown): string | null {
  if (!COMPATIBLE_OPERATIONS.has(route.operationId)) return null;
  const unknown = unknownNames(route, query);
  if (unknown.length === 0) return null;
  const names = unknown.slice(0, MAX_NAMED).map((name) => `"${encodeURIComponent(shortened(name))}"`);
  const more = unknown.length > MAX_NAMED ? ` and ${unknown.length - MAX_NAMED} more` : "";
  return `unknown query parameter${unknown.length === 1 ? "" : "s"} ${names.join(", ")}${more}`;
}

function unknownNames({ query: schema }: QueryOf, query: unknown): string[] {
  const known = schema?.properties ?? {};
  return Object.entries(query as object)
    .filter(([name, value]) => value !== undefined && !Object.hasOwn(known, name))
    .map(([name]) => name);
}

function shortened(name: string): string {
  return name.slice(0, MAX_NAME_LENGTH).toWellFormed();
}

function unknownSentence(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  if (near !== null) return `Unknown query parameter "${name}". Did you mean "${near}"?`;
  const rest = known.length === 0 ? "This operation has none." : `This operation has: ${known.join(", ")}.`;
  return `Unknown query parameter "${name}". ${rest}`;
}

/** The closest known name within the maximum distance. Ignores case, `_` and `-`. */
function nearest(name: string, known: readonly string[]): string | null {
  const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, "");
  const given = plain(name);
  let best: string | null = null;
  let least = MAX_DISTANCE + 1;
  for (const candidate of known) {
    const distance = distanceOf(given, plain(candidate));
    if (distance >= least || distance >= given.length) continue;
    best = candidate;
    least = distance;
  }
  return best;
}

/** Levenshtein distance. Both texts are short. */
function distanceOf(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const replaced = row[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
}
