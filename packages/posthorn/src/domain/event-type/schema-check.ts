/**
 * Checks that values are JSON Schemas of the draft that they name, in linear time. Nothing is fetched: `$schema` and `$ref` are only
 * treated as names, and patterns are not compiled.
 */
import { Ajv, type Options, type ValidateFunction } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020 } from "ajv/dist/2020.js";
import draft06 from "ajv/dist/refs/json-schema-draft-06.json" with { type: "json" };
import { invalid } from "../../lib/errors.ts";
import { printStart } from "../../filter/json.ts";
import { pathBeyond, TOO_DEEP } from "../../lib/json-depth.ts";

/** Maximum length of all schemas of an event type as JSON, in characters. */
const MAX_LENGTH = 256 * 1024;
/** Maximum number of objects and arrays in all schemas of an event type. Checking them blocks the main thread for up to 60 ms. */
const MAX_PARTS = 20_000;
/** Maximum length of a validator message, which may quote names from the schema. */
const MAX_PROBLEM_LENGTH = 500;

const OPTIONS: Options = { strict: false, validateFormats: false, logger: false };

/** A draft of JSON Schema: its name and meta-schema. */
class Draft {
  readonly name: string;
  readonly #open: () => ValidateFunction;
  #validate: ValidateFunction | null = null;

  constructor(name: string, uri: string, build: () => Ajv | Ajv2019 | Ajv2020) {
    this.name = name;
    this.#open = () => build().getSchema(uri) as ValidateFunction;
  }

  /** Compiled for the first schema of the draft and then kept, because that takes 0.1 s. */
  get validate(): ValidateFunction {
    return (this.#validate ??= this.#open());
  }
}

const DEFAULT_URI = "http://json-schema.org/draft-07/schema";

/** Drafts by URI of the meta-schema, normalised by `keyOf`. */
const DRAFTS: ReadonlyMap<string, Draft> = new Map(
  (
    [
      ["draft-06", "http://json-schema.org/draft-06/schema", () => withDraft06(linear(new Ajv(OPTIONS)))],
      ["draft-07", DEFAULT_URI, () => linear(new Ajv(OPTIONS))],
      ["2019-09", "https://json-schema.org/draft/2019-09/schema", () => linear(new Ajv2019(OPTIONS))],
      ["2020-12", "https://json-schema.org/draft/2020-12/schema", () => linear(new Ajv2020(OPTIONS))],
    ] as const
  ).map(([name, uri, build]) => [keyOf(uri), new Draft(name, uri, build)]),
);

function withDraft06(ajv: Ajv): Ajv {
  return ajv.addMetaSchema(draft06);
}

/** Replaces the keyword `uniqueItems` of the validator, which is quadratic, because meta-schemas use it. */
function linear<Validator extends Ajv | Ajv2019 | Ajv2020>(ajv: Validator): Validator {
  ajv.removeKeyword("uniqueItems");
  ajv.addKeyword({
    keyword: "uniqueItems",
    type: "array",
    validate: (isOn: boolean, items: readonly unknown[]) =>
      !isOn || new Set(items.map((item) => JSON.stringify(item))).size === items.length,
  });
  return ajv;
}

/** Throws a 422 for the first schema that is not a JSON Schema, and for schemas that exceed a limit. */
export function checkSchemas(schemas: Readonly<Record<string, unknown>> | null | undefined): void {
  if (schemas === null || schemas === undefined) return;
  const deep = pathBeyond(schemas);
  if (deep !== null) throw invalid([...PLACE, ...deep], TOO_DEEP);
  const { length } = JSON.stringify(schemas);
  if (length > MAX_LENGTH || countUpTo(schemas, MAX_PARTS + 1) > MAX_PARTS) {
    throw invalid(
      PLACE,
      `The schemas of an event type are too large: together, they can have up to ${MAX_LENGTH} characters as JSON, and ${MAX_PARTS} objects and arrays.`,
    );
  }
  for (const [version, schema] of Object.entries(schemas)) {
    const problem = schemaProblem(schema);
    if (problem !== null) throw invalid([...PLACE, version], problem);
  }
}

const PLACE = ["body", "schemas"] as const;

/** Reason why the value is not a JSON Schema; `null` if it is one. */
export function schemaProblem(schema: unknown): string | null {
  if (typeof schema === "boolean") return null;
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) {
    return "A JSON Schema must be an object, true or false.";
  }
  if (pathBeyond(schema) !== null) return TOO_DEEP;
  const { $schema: uri = DEFAULT_URI } = schema as { readonly $schema?: unknown };
  const draft = typeof uri === "string" ? DRAFTS.get(keyOf(uri)) : undefined;
  if (draft !== undefined) return problemIn(draft, schema);
  const known = [...DRAFTS.values()].map(({ name }) => name).join(", ");
  return `The $schema ${printStart(uri, 200)} is not supported. Use the URI of one of these drafts: ${known}.`;
}

/** Normalises the URI of a meta-schema: removes the scheme and an empty fragment. */
function keyOf(uri: string): string {
  return uri.replace(/^https?:\/\//, "").replace(/#$/, "");
}

function problemIn({ name, validate }: Draft, schema: object): string | null {
  try {
    if (validate(schema)) return null;
  } catch (error) {
    // The validator recurses several times per level, more often for newer drafts.
    if (error instanceof RangeError) return `Not a valid JSON Schema of ${name}: it is nested too deeply.`;
    throw error;
  }
  const [error] = validate.errors ?? [];
  const text = `schema${error?.instancePath ?? ""} ${error?.message ?? "is wrong"}`;
  const short = text.length > MAX_PROBLEM_LENGTH ? `${text.slice(0, MAX_PROBLEM_LENGTH)}…` : text;
  return `Not a valid JSON Schema of ${name}: ${short}.`;
}

/** Counts objects and arrays in a value, including itself; stops at `most`. The depth of the value must be bounded. */
function countUpTo(value: unknown, most: number): number {
  if (typeof value !== "object" || value === null) return 0;
  let count = 1;
  for (const part of Object.values(value)) {
    count += countUpTo(part, most - count);
    if (count >= most) break;
  }
  return count;
}
