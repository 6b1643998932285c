/**
 * Converts OpenAPI schemas to self-contained JSON Schemas of draft 7. Referenced schemas are added to `definitions`, so that recursive
 * schemas do not grow.
 */
import { invalid } from "../../../lib/errors.ts";

type Fields = Readonly<Record<string, unknown>>;

const MAX_DEPTH = 100;
/** Maximum number of values processed in one document. */
const MAX_VALUES = 500_000;
/** OpenAPI fields that do not describe a value. */
const DROPPED = new Set(["discriminator", "xml", "externalDocs"]);
/** Fields that contain values, not schemas. */
const LITERAL = new Set(["const", "default", "enum", "examples"]);
/** Fields that contain schemas by name. */
const NAMED = new Set(["properties", "patternProperties", "definitions", "$defs", "dependentSchemas"]);

export class SchemaConverter {
  readonly #root: Fields;
  readonly #place: readonly string[];
  #left = MAX_VALUES;

  /** @param place Path of the document in the request. */
  constructor(root: Fields, place: readonly string[]) {
    this.#root = root;
    this.#place = place;
  }

  /** Returns the object itself, or the one it refers to. */
  resolve(value: unknown, place: readonly string[]): Fields {
    let current = value;
    for (let hops = 0; hops < 10; hops++) {
      if (typeof current !== "object" || current === null || Array.isArray(current)) {
        throw invalid(place, "This must be an object.");
      }
      const target = (current as Fields)["$ref"];
      if (typeof target !== "string") return current as Fields;
      current = this.#find(target, place);
    }
    throw invalid(place, "The reference is circular.");
  }

  /** Converts a schema, including all schemas it refers to. */
  convert(schema: unknown, place: readonly string[], examples: readonly unknown[]): Fields {
    const definitions = new Definitions();
    const converted = this.#schema(schema, { place, definitions, depth: 0 });
    const all: Record<string, unknown> = {};
    for (let next = definitions.next(); next !== null; next = definitions.next()) {
      const target = this.#find(next.pointer, place);
      all[next.name] = this.#schema(target, { place: [...place, next.pointer], definitions, depth: 0 });
    }
    const own = typeof converted === "object" ? converted : {};
    // Draft 7 ignores all fields next to a reference.
    const base = "$ref" in own ? { allOf: [own] } : own;
    return {
      ...base,
      ...(examples.length === 0 ? {} : { examples }),
      ...(Object.keys(all).length === 0 ? {} : { definitions: { ...(base["definitions"] as object), ...all } }),
    };
  }

  #schema(value: unknown, where: Where): Fields | boolean {
    if (typeof value === "boolean") return value;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw invalid(where.place, "A schema must be an object.");
    }
    this.#count(where);
    const converted: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(value as Fields)) {
      if (DROPPED.has(name) || name.startsWith("x-") || name === "__proto__") continue;
      converted[name] = this.#field(name, field, { ...where, place: [...where.place, name], depth: where.depth + 1 });
    }
    return adapt(converted);
  }

  #field(name: string, value: unknown, where: Where): unknown {
    if (name === "$ref" && typeof value === "string") return `#/definitions/${where.definitions.nameOf(value)}`;
    if (LITERAL.has(name) || name === "example") return value;
    if (Array.isArray(value)) return value.map((item, index) => this.#item(item, index, where));
    if (typeof value !== "object" || value === null) return value;
    if (!NAMED.has(name)) return this.#schema(value, where);
    const entries = Object.entries(value as Fields).filter(([key]) => key !== "__proto__");
    return Object.fromEntries(
      entries.map(([key, schema]) => [key, this.#schema(schema, { ...where, place: [...where.place, key] })]),
    );
  }

  #item(item: unknown, index: number, where: Where): unknown {
    if (typeof item !== "object" || item === null) return item;
    return this.#schema(item, { ...where, place: [...where.place, `[${index}]`] });
  }

  #count({ place, depth }: Where): void {
    if (depth > MAX_DEPTH) throw invalid(place.slice(0, 12), `Schemas can be up to ${MAX_DEPTH} levels deep.`);
    if (--this.#left < 0) throw invalid(this.#place, "The schemas of the document are too large to be imported.");
  }

  #find(target: string, place: readonly string[]): unknown {
    if (!target.startsWith("#/")) {
      throw invalid(
        place,
        `The reference "${target.slice(0, 200)}" leads outside the document. Move its target to components.`,
      );
    }
    let current: unknown = this.#root;
    for (const part of target.slice(2).split("/")) {
      const name = decode(part);
      const has = typeof current === "object" && current !== null && Object.hasOwn(current, name);
      if (!has) throw invalid(place, `The reference "${target.slice(0, 200)}" has no target in the document.`);
      current = (current as Fields)[name];
    }
    return current;
  }
}

interface Where {
  readonly place: readonly string[];
  readonly definitions: Definitions;
  readonly depth: number;
}

/** Assigns names to referenced schemas, and queues those that still have to be added. */
class Definitions {
  readonly #names = new Map<string, string>();
  readonly #used = new Set<string>();
  readonly #waiting: string[] = [];

  nameOf(pointer: string): string {
    const known = this.#names.get(pointer);
    if (known !== undefined) return known;
    const base = decode(pointer.split("/").at(-1)!).replaceAll(/[^\w.-]/g, "_") || "schema";
    let name = base;
    for (let suffix = 2; this.#used.has(name); suffix++) name = `${base}_${suffix}`;
    this.#used.add(name);
    this.#names.set(pointer, name);
    this.#waiting.push(pointer);
    return name;
  }

  next(): { readonly pointer: string; readonly name: string } | null {
    const pointer = this.#waiting.shift();
    return pointer === undefined ? null : { pointer, name: this.#names.get(pointer)! };
  }
}

/** Converts fields that are specific to OpenAPI 3.0. */
function adapt(schema: Record<string, unknown>): Fields {
  const { nullable, example, ...rest } = schema;
  if (nullable === true && typeof rest["type"] === "string") rest["type"] = [rest["type"], "null"];
  if (example !== undefined && rest["examples"] === undefined) rest["examples"] = [example];
  for (const [exclusive, bound] of [
    ["exclusiveMinimum", "minimum"],
    ["exclusiveMaximum", "maximum"],
  ] as const) {
    if (typeof rest[exclusive] !== "boolean") continue;
    if (rest[exclusive]) {
      rest[exclusive] = rest[bound];
      delete rest[bound];
    } else {
      delete rest[exclusive];
    }
  }
  return rest;
}

function decode(part: string): string {
  const unescaped = part.replaceAll("~1", "/").replaceAll("~0", "~");
  try {
    return decodeURIComponent(unescaped);
  } catch {
    return unescaped;
  }
}
