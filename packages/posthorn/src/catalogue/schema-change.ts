/** Schema changes: differences between the known schema and the schema of recent payloads. */
import { isRequired, kindsOf } from "./json-schema.ts";
import type { InferredSchema } from "./inferred-schema.ts";

export const CHANGE_KINDS = ["field_added", "field_removed", "type_changed", "field_optional"] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** Times are Unix milliseconds. */
export interface Change {
  readonly kind: ChangeKind;
  /** Field names separated by dots, `[]` for array items, `{}` for map entries. Empty for the payload itself. */
  readonly path: string;
  /** Types before and after, such as `string | null`. `null` if the field did not exist. */
  readonly before: string | null;
  readonly after: string | null;
  /** Whether code written for the known schema can fail. */
  readonly breaking: boolean;
  /** When the new field or type was seen; for a removed field, when the field was seen. */
  readonly firstSeen: number;
  readonly lastSeen: number;
}

/** A field counts as removed if its absence has at most this probability. */
const CHANCE = 1e-3;
/** Minimum number of objects without the field before it counts as removed. */
const MIN_OBJECTS = 3;
/** Minimum number of objects that all had the field before its absence makes it optional. */
const MIN_KNOWN = 10;

/** All changes, from the outside in and by name. Places without a known schema have none. */
export function schemaChanges(known: InferredSchema, recent: InferredSchema): readonly Change[] {
  return diffPlace(known, recent, "");
}

function diffPlace(known: InferredSchema, recent: InferredSchema, path: string): readonly Change[] {
  return [
    ...typeChange(known, recent, path),
    ...fieldChanges(known, recent, path),
    ...diffOptional(known.items, recent.items, `${path}[]`),
    ...diffOptional(known.entries, recent.entries, `${path}{}`),
  ];
}

function diffOptional(known: InferredSchema | null, recent: InferredSchema | null, path: string): readonly Change[] {
  return known === null || recent === null ? [] : diffPlace(known, recent, path);
}

function typeChange(known: InferredSchema, recent: InferredSchema, path: string): readonly Change[] {
  const before = kindsOf(known);
  const fresh = kindsOf(recent).filter(
    (kind) => !before.includes(kind) && !(kind === "integer" && before.includes("number")),
  );
  if (fresh.length === 0) return [];
  const seen = fresh.map((kind) => recent.kinds.get(kind)!);
  return [
    {
      kind: "type_changed",
      path,
      before: before.join(" | "),
      after: kindsOf(recent).join(" | "),
      // If the value was always null, its type was unknown.
      breaking: before.some((kind) => kind !== "null"),
      firstSeen: Math.min(...seen.map(({ first }) => first)),
      lastSeen: Math.max(...seen.map(({ last }) => last)),
    },
  ];
}

function fieldChanges(known: InferredSchema, recent: InferredSchema, path: string): readonly Change[] {
  // Maps have no fixed fields, and nothing is known about objects that were never seen.
  if (known.isMap || recent.isMap || known.cut || recent.cut) return [];
  const objects = recent.kinds.get("object");
  const knownObjects = known.kinds.get("object");
  if (objects === undefined || knownObjects === undefined) return [];
  const names = [...new Set([...known.fields.keys(), ...recent.fields.keys()])].sort();
  return names.flatMap((name) => {
    const at = path === "" ? name : `${path}.${name}`;
    const before = known.fields.get(name);
    const after = recent.fields.get(name);
    if (before === undefined) return [added(after!, at)];
    if (after === undefined) return isGone(before, knownObjects.count, objects.count) ? [removed(before, at)] : [];
    return [...becameOptional(known, before, recent, after, at), ...diffPlace(before, after, at)];
  });
}

function added(field: InferredSchema, path: string): Change {
  const { first, last } = field.seen;
  const after = kindsOf(field).join(" | ");
  return { kind: "field_added", path, before: null, after, breaking: false, firstSeen: first, lastSeen: last };
}

function removed(field: InferredSchema, path: string): Change {
  const { first, last } = field.seen;
  const before = kindsOf(field).join(" | ");
  return { kind: "field_removed", path, before, after: null, breaking: true, firstSeen: first, lastSeen: last };
}

/** Whether this many objects in a row without the field cannot be chance, given how often it was present. */
function isGone(field: InferredSchema, knownObjects: number, objects: number): boolean {
  if (objects < MIN_OBJECTS) return false;
  const share = field.seen.count / (knownObjects + 1);
  return (1 - share) ** objects < CHANCE;
}

function becameOptional(
  knownParent: InferredSchema,
  known: InferredSchema,
  recentParent: InferredSchema,
  recent: InferredSchema,
  path: string,
): readonly Change[] {
  const surely = known.seen.count >= MIN_KNOWN && isRequired(known, knownParent);
  if (!surely || isRequired(recent, recentParent)) return [];
  const { first, last } = recentParent.seen;
  const type = kindsOf(recent).join(" | ");
  return [
    {
      kind: "field_optional",
      path,
      before: type,
      after: `${type} | absent`,
      breaking: true,
      firstSeen: first,
      lastSeen: last,
    },
  ];
}
