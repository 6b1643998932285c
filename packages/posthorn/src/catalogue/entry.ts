/** Catalogue entry of an event type: known schema, recent samples and changes. */
import { type Change, schemaChanges } from "./schema-change.ts";
import { mergeSchemas, type InferredSchema } from "./inferred-schema.ts";

export interface Entry {
  /** Known schema; `null` before the first sample. */
  readonly known: InferredSchema | null;
  /** Schema of later samples, compared with it; `null` if there are none. */
  readonly recent: InferredSchema | null;
  /** Newest first. */
  readonly changes: readonly Change[];
}

export const NOTHING_KNOWN: Entry = { known: null, recent: null, changes: [] };

/** Samples that form the initial schema, before anything counts as a change. */
export const LEARNING_SAMPLES = 20;
/** Recent samples become part of the known schema when there are this many … */
const SETTLE_SAMPLES = 200;
/** … or after this time, if there are at least `LEARNING_SAMPLES`. */
const SETTLE_MS = 7 * 86_400_000;
/** Changes kept per event type. */
export const MAX_CHANGES = 100;

export interface Folded {
  readonly entry: Entry;
  /** New changes. */
  readonly found: readonly Change[];
}

/** Adds samples to an entry. */
export function foldSamples(entry: Entry, samples: InferredSchema, now: number): Folded {
  const { known } = entry;
  if (known === null) return { entry: { ...entry, known: samples }, found: [] };
  if (known.seen.count < LEARNING_SAMPLES) {
    return { entry: { ...entry, known: mergeSchemas(known, samples) }, found: [] };
  }
  const recent = entry.recent === null ? samples : mergeSchemas(entry.recent, samples);
  const seen = schemaChanges(known, recent);
  const { changes, found } = addChanges(entry.changes, seen, recent.seen.first);
  if (!isSettled(recent, now)) return { entry: { known, recent, changes }, found };
  const gone = seen.filter(({ kind }) => kind === "field_removed").map(({ path }) => path);
  return { entry: { known: mergeSchemas(without(known, gone, ""), recent), recent: null, changes }, found };
}

/** Current schema: known and recent samples, without removed fields. */
export function currentSchema({ known, recent }: Entry): InferredSchema | null {
  if (known === null || recent === null) return known;
  const gone = schemaChanges(known, recent)
    .filter(({ kind }) => kind === "field_removed")
    .map(({ path }) => path);
  return mergeSchemas(without(known, gone, ""), recent);
}

function isSettled(recent: InferredSchema, now: number): boolean {
  const { count, first } = recent.seen;
  return count >= SETTLE_SAMPLES || (count >= LEARNING_SAMPLES && now - first >= SETTLE_MS);
}

/**
 * Merges changes. A change seen again in the same samples is the same change. If a removed field comes back, its samples are later, so it
 * is a new change.
 */
function addChanges(
  known: readonly Change[],
  seen: readonly Change[],
  samplesFrom: number,
): { readonly changes: readonly Change[]; readonly found: readonly Change[] } {
  const standing = new Map(known.map((change) => [keyOf(change), change]));
  const found = seen.filter((change) => {
    const before = standing.get(keyOf(change));
    return before === undefined || (change.kind !== "field_removed" && before.lastSeen < samplesFrom);
  });
  const again = new Map(seen.map((change) => [keyOf(change), change]));
  const kept = known.map((change) => {
    const now = again.get(keyOf(change));
    if (now === undefined) return change;
    return { ...now, firstSeen: Math.min(change.firstSeen, now.firstSeen) };
  });
  const fresh = found.filter((change) => !standing.has(keyOf(change)));
  return { changes: [...fresh, ...kept].slice(0, MAX_CHANGES), found };
}

function keyOf({ kind, path, before }: Change): string {
  return JSON.stringify([kind, path, before]);
}

/** The schema without the fields at these paths. */
function without(schema: InferredSchema, paths: readonly string[], path: string): InferredSchema {
  if (paths.length === 0) return schema;
  const fields = [...schema.fields]
    .map(([name, field]) => [path === "" ? name : `${path}.${name}`, name, field] as const)
    .filter(([at]) => !paths.includes(at))
    .map(([at, name, field]) => [name, without(field, paths, at)] as const);
  return {
    ...schema,
    fields: new Map(fields),
    items: schema.items && without(schema.items, paths, `${path}[]`),
    entries: schema.entries && without(schema.entries, paths, `${path}{}`),
  };
}
