/**
 * What payloads of one kind look like: the names of their fields and the types of their values, and never a value.
 *
 * A shape is learned sample by sample. Two shapes merge into the one that all samples of both would have made, in any order, so
 * that nodes can learn apart. Its size is bounded, whatever the samples are.
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

export interface Shape {
  /** How often a value stood in this place. */
  readonly seen: Sighting;
  /** What the values were. */
  readonly kinds: ReadonlyMap<Kind, Sighting>;
  /** Members of the objects by name. */
  readonly fields: ReadonlyMap<string, Shape>;
  /** The objects are maps: there were so many names that they must be data. */
  readonly isMap: boolean;
  /** All members whose names are data, such as ids: one shape for every one of them. */
  readonly entries: Shape | null;
  /** Items of the arrays, all together. */
  readonly items: Shape | null;
  /** The formats that every string had. */
  readonly formats: readonly StringFormat[];
  /** Nothing is known of what is inside: it is too deep, or there would be too much of it. */
  readonly cut: boolean;
}

/** Levels of objects and arrays that are looked into. */
const MAX_DEPTH = 12;
/** An object with more names than this is a map: its names are data. */
const MAX_FIELDS = 256;
/** Places in one shape. One that would have more loses its deepest level, and the next, until it fits. */
export const MAX_PLACES = 3000;
/** Items of one array that are looked at. */
const MAX_ITEMS = 50;

/** The shape of one value that was seen at this time. */
export function shapeOf(value: unknown, at: number): Shape {
  return fit(learn(value, at, MAX_DEPTH));
}

/** The shape that the samples of both would have made. */
export function mergeShapes(one: Shape, other: Shape): Shape {
  return fit(merge(one, other));
}

function learn(value: unknown, at: number, depth: number): Shape {
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
    entries: mergeAll(members.filter(([name]) => isData(name)).map(([, shape]) => shape)),
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

/** Whether a name is data and not a name: a number, an id, an address. */
function isData(name: string): boolean {
  return (
    name.length > 64 ||
    // Validators leave it out of the properties.
    name === "__proto__" ||
    /^\d+$/.test(name) ||
    /[@\s]/.test(name) ||
    /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(name) ||
    /^(?=.*\d)[0-9a-f]{16,}$/i.test(name) ||
    /^\d{4}-\d{2}-\d{2}/.test(name)
  );
}

function merge(one: Shape, other: Shape): Shape {
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

/** Only strings have a say in what strings are. */
function formatsOf(one: Shape, other: Shape): readonly StringFormat[] {
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

function mergeOptional(one: Shape | null, other: Shape | null): Shape | null {
  if (one === null || other === null) return one ?? other;
  return merge(one, other);
}

function mergeAll(shapes: readonly Shape[]): Shape | null {
  return shapes.reduce<Shape | null>(mergeOptional, null);
}

/** Forgets names that are data, and everything inside a place that is cut: for good, so that the order of merges does not matter. */
function bounded(shape: Shape): Shape {
  const { fields, isMap, entries, cut } = shape;
  if (cut) return { ...shape, fields: new Map(), isMap: false, entries: null, items: null };
  if (fields.size <= MAX_FIELDS && !(isMap && fields.size > 0)) return shape;
  return { ...shape, fields: new Map(), isMap: true, entries: mergeOptional(entries, mergeAll([...fields.values()])) };
}

function fit(shape: Shape): Shape {
  let fitting = shape;
  for (let depth = MAX_DEPTH; places(fitting) > MAX_PLACES; depth--) fitting = cutAt(fitting, depth);
  return fitting;
}

/** How many places a shape describes. */
export function places({ fields, entries, items }: Shape): number {
  let count = 1;
  for (const field of fields.values()) count += places(field);
  return count + (entries === null ? 0 : places(entries)) + (items === null ? 0 : places(items));
}

function cutAt(shape: Shape, depth: number): Shape {
  const { fields, entries, items } = shape;
  if (fields.size === 0 && entries === null && items === null) return shape;
  if (depth === 0) return bounded({ ...shape, cut: true });
  return {
    ...shape,
    fields: new Map([...fields].map(([name, field]) => [name, cutAt(field, depth - 1)])),
    entries: entries && cutAt(entries, depth - 1),
    items: items && cutAt(items, depth - 1),
  };
}

/** As it is stored: short, since there is one of these for each place. */
interface StoredShape {
  readonly n: StoredSighting;
  readonly k: Readonly<Partial<Record<Kind, StoredSighting>>>;
  readonly f?: Readonly<Record<string, StoredShape>>;
  readonly m?: 1;
  readonly e?: StoredShape;
  readonly i?: StoredShape;
  readonly s?: readonly StringFormat[];
  readonly c?: 1;
}
type StoredSighting = readonly [count: number, first: number, last: number];

export function shapeToJson(shape: Shape): string {
  return JSON.stringify(toStored(shape));
}

/** Reads what {@link shapeToJson} wrote. */
export function shapeFromJson(json: string): Shape {
  return fromStored(JSON.parse(json) as StoredShape);
}

function toStored({ seen, kinds, fields, isMap, entries, items, formats, cut }: Shape): StoredShape {
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

/** In the order of their names, so that nothing depends on which sample came first. */
export function sortedFields(fields: ReadonlyMap<string, Shape>): readonly (readonly [name: string, shape: Shape])[] {
  return [...fields].toSorted(([one], [other]) => (one < other ? -1 : 1));
}

function fromStored({ n, k, f = {}, m, e, i, s = [], c }: StoredShape): Shape {
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
