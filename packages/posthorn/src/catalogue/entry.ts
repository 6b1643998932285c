/** What is known of one event type of one source, and how it changes with what comes in. */
import { type Change, diffShapes } from "./schema-change.ts";
import { mergeShapes, type Shape } from "./inferred-schema.ts";

export interface Entry {
  /** What payloads look like; `null` before the first sample. */
  readonly known: Shape | null;
  /** Samples since, which are held against it; `null`: none yet. */
  readonly recent: Shape | null;
  /** What has changed, latest first. */
  readonly changes: readonly Change[];
}

export const NOTHING_KNOWN: Entry = { known: null, recent: null, changes: [] };

/** So many samples are learned from before anything counts as a change. */
export const LEARNING_SAMPLES = 20;
/** Recent samples become known when there are so many … */
const SETTLE_SAMPLES = 200;
/** … or after this time, if there are at least as many as were needed to learn. */
const SETTLE_MS = 7 * 86_400_000;
/** Changes that are kept. */
export const MAX_CHANGES = 100;

export interface Folded {
  readonly entry: Entry;
  /** Changes that were not known before. */
  readonly found: readonly Change[];
}

/** Takes up what samples looked like. */
export function foldSamples(entry: Entry, samples: Shape, now: number): Folded {
  const { known } = entry;
  if (known === null) return { entry: { ...entry, known: samples }, found: [] };
  if (known.seen.count < LEARNING_SAMPLES) {
    return { entry: { ...entry, known: mergeShapes(known, samples) }, found: [] };
  }
  const recent = entry.recent === null ? samples : mergeShapes(entry.recent, samples);
  const seen = diffShapes(known, recent);
  const { changes, found } = addChanges(entry.changes, seen, recent.seen.first);
  if (!isSettled(recent, now)) return { entry: { known, recent, changes }, found };
  const gone = seen.filter(({ kind }) => kind === "field_removed").map(({ path }) => path);
  return { entry: { known: mergeShapes(without(known, gone, ""), recent), recent: null, changes }, found };
}

/** What payloads look like, by everything that was seen and is not gone. */
export function currentShape({ known, recent }: Entry): Shape | null {
  if (known === null || recent === null) return known;
  const gone = diffShapes(known, recent)
    .filter(({ kind }) => kind === "field_removed")
    .map(({ path }) => path);
  return mergeShapes(without(known, gone, ""), recent);
}

function isSettled(recent: Shape, now: number): boolean {
  const { count, first } = recent.seen;
  return count >= SETTLE_SAMPLES || (count >= LEARNING_SAMPLES && now - first >= SETTLE_MS);
}

/**
 * A change that is seen again, in the same samples, is the same one. What was settled and comes back (a field that was gone) is
 * another, since its samples are later.
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

/** A shape without the fields at these paths. */
function without(shape: Shape, paths: readonly string[], path: string): Shape {
  if (paths.length === 0) return shape;
  const fields = [...shape.fields]
    .map(([name, field]) => [path === "" ? name : `${path}.${name}`, name, field] as const)
    .filter(([at]) => !paths.includes(at))
    .map(([at, name, field]) => [name, without(field, paths, at)] as const);
  return {
    ...shape,
    fields: new Map(fields),
    items: shape.items && without(shape.items, paths, `${path}[]`),
    entries: shape.entries && without(shape.entries, paths, `${path}{}`),
  };
}
