/** Differences between the known inferred schema and that of recent payloads. */
import { isRequired, kindsOf } from "./json-schema.ts";
import type { Shape } from "./inferred-schema.ts";

export const CHANGE_KINDS = ["field_added", "field_removed", "type_changed", "field_optional"] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** Times are Unix milliseconds. */
export interface Change {
  readonly kind: ChangeKind;
  /** Where: names with dots, `[]` for the items of an array and `{}` for the entries of a map; empty for the payload itself. */
  readonly path: string;
  /** The types before and after, such as `string | null`; `null`: the field was not there. */
  readonly before: string | null;
  readonly after: string | null;
  /** Whether code that was written for what was known can break. */
  readonly breaking: boolean;
  /** When what changed was seen: the new field or type; of a field that is gone, the field. */
  readonly firstSeen: number;
  readonly lastSeen: number;
}

/** A field that is missing by chance this seldom is gone. */
const CHANCE = 1e-3;
/** Objects that must lack a field before it is called gone. */
const MIN_OBJECTS = 3;
/** Objects that must have had a field, all of them, before its absence says something. */
const MIN_KNOWN = 10;

/** Every difference, from the outside in and by name. A place of which nothing was known has none. */
export function diffShapes(known: Shape, recent: Shape): readonly Change[] {
  return diffPlace(known, recent, "");
}

function diffPlace(known: Shape, recent: Shape, path: string): readonly Change[] {
  return [
    ...typeChange(known, recent, path),
    ...fieldChanges(known, recent, path),
    ...diffOptional(known.items, recent.items, `${path}[]`),
    ...diffOptional(known.entries, recent.entries, `${path}{}`),
  ];
}

function diffOptional(known: Shape | null, recent: Shape | null, path: string): readonly Change[] {
  return known === null || recent === null ? [] : diffPlace(known, recent, path);
}

function typeChange(known: Shape, recent: Shape, path: string): readonly Change[] {
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
      // Of a value that was always null nothing was known.
      breaking: before.some((kind) => kind !== "null"),
      firstSeen: Math.min(...seen.map(({ first }) => first)),
      lastSeen: Math.max(...seen.map(({ last }) => last)),
    },
  ];
}

function fieldChanges(known: Shape, recent: Shape, path: string): readonly Change[] {
  // A map has no fields that could come and go, and of objects that were never seen nothing is known.
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

function added(field: Shape, path: string): Change {
  const { first, last } = field.seen;
  const after = kindsOf(field).join(" | ");
  return { kind: "field_added", path, before: null, after, breaking: false, firstSeen: first, lastSeen: last };
}

function removed(field: Shape, path: string): Change {
  const { first, last } = field.seen;
  const before = kindsOf(field).join(" | ");
  return { kind: "field_removed", path, before, after: null, breaking: true, firstSeen: first, lastSeen: last };
}

/** Whether so many objects in a row without the field are no chance, given how often it was there. */
function isGone(field: Shape, knownObjects: number, objects: number): boolean {
  if (objects < MIN_OBJECTS) return false;
  const share = field.seen.count / (knownObjects + 1);
  return (1 - share) ** objects < CHANCE;
}

function becameOptional(
  knownParent: Shape,
  known: Shape,
  recentParent: Shape,
  recent: Shape,
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
