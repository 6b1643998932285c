/** Finds JSON values that are nested too deeply for code that calls itself for each level, such as `JSON.stringify`. */

/** Levels of objects and lists in a value that is written out as JSON again. Bytes that are only stored may have any number. */
export const MAX_JSON_DEPTH = 256;

/** Names of a path that are shown. */
const MAX_SHOWN = 8;

/** Sentence for a value that is nested more deeply than `MAX_JSON_DEPTH`. */
export const TOO_DEEP = `This is nested too deeply: objects and lists may be ${MAX_JSON_DEPTH} levels deep.`;

/** The first names of the path to a place that is more than `limit` levels deep; `null`: there is none. */
export function pathBeyond(value: unknown, limit: number = MAX_JSON_DEPTH): readonly string[] | null {
  if (typeof value !== "object" || value === null) return null;
  if (limit === 0) return [];
  // `limit` bounds the recursion, whatever the value is.
  for (const [name, part] of Object.entries(value)) {
    if (typeof part !== "object" || part === null) continue;
    const path = pathBeyond(part, limit - 1);
    if (path !== null) return [Array.isArray(value) ? `[${name}]` : name, ...path].slice(0, MAX_SHOWN);
  }
  return null;
}
