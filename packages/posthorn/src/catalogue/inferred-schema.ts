/**
 * Schema inferred from the payloads of one event type: field names and value types, never values.
 *
 * Two schemas merge into the one that all their samples would have produced, in any order, so that nodes can infer independently. The size is
 * bounded for any samples.
 *
 * This folder is pure logic without I/O. The operations that load and store the catalogue are in `domain/catalogue`.
 */
import { intersect, STRING_FORMATS, type StringFormat, stringFormats } from "./string-format.ts";

export const KINDS = ["null", "boolean", "integer", "number", "string", "array", "object"] as const;
export type Kind = (typeof KINDS)[number];

/** Times are Unix milliseconds. */
export interface Sighting {
  readonly count: number;
  readonly first: number;
  readonly last: number;
}

export interface InferredSchema {
  /** How often there was a value in this place. */
  readonly seen: Sighting;
  /** Types of the values. */
  readonly kinds: ReadonlyMap<Kind, Sighting>;
  /** Fields of objects by name. */
  readonly fields: ReadonlyMap<string, InferredSchema>;
  /** Whether the objects are maps: they have so many names that the names must be data. */
  readonly isMap: boolean;
  /** Common schema of all fields whose names are data, such as IDs. */
  readonly entries: InferredSchema | null;
  /** Common schema of all array items. */
  readonly items: InferredSchema | null;
  /** Formats that all strings have in common. */
  readonly formats: readonly StringFormat[];
  /** Whether the content is not described because it is too deep or too large. */
  readonly cut: boolean;
}

/** Deepest level analysed. */
const MAX_DEPTH = 12;
/** An object with more names than this is treated as a map. */
const MAX_FIELDS = 256;
/** Places in one schema. A larger schema loses its deepest levels until it fits. */
export const MAX_PLACES = 3000;
/** Items analysed per array. */
const MAX_ITEMS = 50;

/** Infers the schema of one value seen at this time. */
export function inferSchema(value: unknown, at: number): InferredSchema {
  return fit(learn(value, at, MAX_DEPTH));
}

/** Merges two schemas into the one that the samples of both would have produced. */
export function mergeSchemas(one: InferredSchema, other: InferredSchema): InferredSchema {
  return fit(merge(one, other));
}

function learn(value: unknown, at: number, depth: number): InferredSchema {
  const kind = kindOf(value);
  const seen: Sighting = { count: 1, first: at, last: at };
  const flat = { ...EMPTY, seen, kinds: new Map([[kind, seen]]) };
  if (kind === "string") return { ...flat, formats: stringFormats(value as string) };
  if (kind !== "array" && kind !== "object") return flat;
  if (depth === 0) return { ...flat, cut: true };
  if (kind === "array") {
    const items = (value as unknown[]).slice(0, MAX_ITEMS).map((item) => learn(item, at, depth - 1));
    return { ...flat, items: mergeAll(items) };
  }
  const members = Object.entries(value as object).map(
    ([name, member]) => [name, learn(member, at, depth - 1)] as const,
  );
  return bounded({
    ...flat,
    fields: new Map(members.filter(([name]) => !isData(name))),
    entries: mergeAll(members.filter(([name]) => isData(name)).map(([, schema]) => schema)),
  });
}

const EMPTY = { fields: new Map(), isMap: false, entries: null, items: null, formats: [], cut: false } as const;

function kindOf(value: unknown): Kind {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  if (typeof value === "boolean" || typeof value === "string") return typeof value as "boolean" | "string";
  return "object";
}

/** Whether a field name is data: a number, an ID, an address. */
function isData(name: string): boolean {
  return (
    name.length > 64 ||
    // Validators ignore a property of this name.
    name === "__proto__" ||
    /^\d+$/.test(name) ||
    /[@\s]/.test(name) ||
    /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(name) ||
    /^(?=.*\d)[0-9a-f]{16,}$/i.test(name) ||
    /^\d{4}-\d{2}-\d{2}/.test(name)
  );
}

function merge(one: InferredSchema, other: InferredSchema): InferredSchema {
  return bounded({
    seen: mergeSightings(one.seen, other.seen),
    kinds: mergeMaps(one.kinds, other.kinds, mergeSightings),
    fields: mergeMaps(one.fields, other.fields, merge),
    isMap: one.isMap || other.isMap,
    entries: mergeOptional(one.entries, other.entries),
    items: mergeOptional(one.items, other.items),
    formats: formatsOf(one, other),
    cut: one.cut || other.cut,
  });
}

/** Formats that the strings of both have in common. */
function formatsOf(one: InferredSchema, other: InferredSchema): readonly StringFormat[] {
  if (!one.kinds.has("string")) return other.formats;
  return other.kinds.has("string") ? intersect(one.formats, other.formats) : one.formats;
}

function mergeSightings(one: Sighting, other: Sighting): Sighting {
  return {
    count: one.count + other.count,
    first: Math.min(one.first, other.first),
    last: Math.max(one.last, other.last),
  };
}

function mergeMaps<Key extends string, Value>(
  one: ReadonlyMap<Key, Value>,
  other: ReadonlyMap<Key, Value>,
  mergeValues: (one: Value, other: Value) => Value,
): ReadonlyMap<Key, Value> {
  const merged = new Map(one);
  for (const [key, value] of other) {
    const known = merged.get(key);
    merged.set(key, known === undefined ? value : mergeValues(known, value));
  }
  return merged;
}

function mergeOptional(one: InferredSchema | null, other: InferredSchema | null): InferredSchema | null {
  if (one === null || other === null) return one ?? other;
  return merge(one, other);
}

function mergeAll(schemas: readonly InferredSchema[]): InferredSchema | null {
  return schemas.reduce<InferredSchema | null>(mergeOptional, null);
}

/** Turns objects with too many names into maps, and drops the content of cut places. Permanent, so that the order of merges does not matter. */
function bounded(schema: InferredSchema): InferredSchema {
  const { fields, isMap, entries, cut } = schema;
  if (cut) return { ...schema, fields: new Map(), isMap: false, entries: null, items: null };
  if (fields.size <= MAX_FIELDS && !(isMap && fields.size > 0)) return schema;
  return { ...schema, fields: new Map(), isMap: true, entries: mergeOptional(entries, mergeAll([...fields.values()])) };
}

function fit(schema: InferredSchema): InferredSchema {
  let fitting = schema;
  for (let depth = MAX_DEPTH; places(fitting) > MAX_PLACES; depth--) fitting = cutAt(fitting, depth);
  return fitting;
}

/** Number of places that a schema describes. */
export function places({ fields, entries, items }: InferredSchema): number {
  let count = 1;
  for (const field of fields.values()) count += places(field);
  return count + (entries === null ? 0 : places(entries)) + (items === null ? 0 : places(items));
}

function cutAt(schema: InferredSchema, depth: number): InferredSchema {
  const { fields, entries, items } = schema;
  if (fields.size === 0 && entries === null && items === null) return schema;
  if (depth === 0) return bounded({ ...schema, cut: true });
  return {
    ...schema,
    fields: new Map([...fields].map(([name, field]) => [name, cutAt(field, depth - 1)])),
    entries: entries && cutAt(entries, depth - 1),
    items: items && cutAt(items, depth - 1),
  };
}

/** Stored form, with short names because it is repeated for each place. */
interface StoredSchema {
  readonly n: StoredSighting;
  readonly k: Readonly<Partial<Record<Kind, StoredSighting>>>;
  readonly f?: Readonly<Record<string, StoredSchema>>;
  readonly m?: 1;
  readonly e?: StoredSchema;
  readonly i?: StoredSchema;
  readonly s?: readonly StringFormat[];
  readonly c?: 1;
}
type StoredSighting = readonly [count: number, first: number, last: number];

export function schemaToJson(schema: InferredSchema): string {
  return JSON.stringify(toStored(schema));
}

/** Reads the output of {@link schemaToJson}. */
export function schemaFromJson(json: string): InferredSchema {
  return fromStored(JSON.parse(json) as StoredSchema);
}

function toStored({ seen, kinds, fields, isMap, entries, items, formats, cut }: InferredSchema): StoredSchema {
  const members = sortedFields(fields).map(([name, field]) => [name, toStored(field)] as const);
  return {
    n: sighting(seen),
    k: Object.fromEntries(KINDS.filter((kind) => kinds.has(kind)).map((kind) => [kind, sighting(kinds.get(kind)!)])),
    ...(members.length === 0 ? {} : { f: Object.fromEntries(members) }),
    ...(isMap ? { m: 1 as const } : {}),
    ...(entries === null ? {} : { e: toStored(entries) }),
    ...(items === null ? {} : { i: toStored(items) }),
    ...(formats.length === 0 ? {} : { s: formats }),
    ...(cut ? { c: 1 as const } : {}),
  };
}

/** Sorted by name, so that the result does not depend on the order of samples. */
export function sortedFields(
  fields: ReadonlyMap<string, InferredSchema>,
): readonly (readonly [name: string, schema: InferredSchema])[] {
  return [...fields].toSorted(([one], [other]) => (one < other ? -1 : 1));
}

function fromStored({ n, k, f = {}, m, e, i, s = [], c }: StoredSchema): InferredSchema {
  return {
    seen: times(n),
    kinds: new Map(Object.entries(k).map(([kind, seen]) => [kind as Kind, times(seen)])),
    fields: new Map(Object.entries(f).map(([name, field]) => [name, fromStored(field)])),
    isMap: m === 1,
    entries: e === undefined ? null : fromStored(e),
    items: i === undefined ? null : fromStored(i),
    formats: s.filter((format) => STRING_FORMATS.includes(format)),
    cut: c === 1,
  };
}

function sighting({ count, first, last }: Sighting): StoredSighting {
  return [count, first, last];
}

function times([count, first, last]: StoredSighting): Sighting {
  return { count, first, last };
}
