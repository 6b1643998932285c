/** Detects JSON values that are nested too deeply for recursive code such as `JSON.stringify`. */

/** Maximum nesting of objects and lists in a value that is serialized again. Bytes that are only stored have no limit. */
export const MAX_JSON_DEPTH = 256;

/** Maximum path segments to return. */
const MAX_SHOWN = 8;

/** Error message for a value nested more deeply than `MAX_JSON_DEPTH`. */
export const TOO_DEEP = `This is nested too deeply: objects and lists may be ${MAX_JSON_DEPTH} levels deep.`;

/** The first segments of a path that is more than `limit` levels deep; `null`: there is none. */
export function pathBeyond(value: unknown, limit: number = MAX_JSON_DEPTH): readonly string[] | null {
  if (typeof value !== "object" || value === null) return null;
  if (limit === 0) return [];
  // `limit` bounds the recursion. `Object.entries` would take 50 ms for 100,000 members.
  for (const name in value) {
    const part = (value as Readonly<Record<string, unknown>>)[name];
    if (typeof part !== "object" || part === null) continue;
    const path = pathBeyond(part, limit - 1);
    if (path !== null) return [Array.isArray(value) ? `[${name}]` : name, ...path].slice(0, MAX_SHOWN);
  }
  return null;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** The only bit in which `[` and `{`, and `]` and `}`, differ. */
const BRACE = 0x20;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** Whether well-formed JSON text is nested more than `limit` levels deep. One pass over the bytes, far cheaper than parsing it. */
export function isDeeperThan(json: Uint8Array, limit: number = MAX_JSON_DEPTH): boolean {
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at]!;
    if (byte === QUOTE) {
      for (at++; json[at] !== QUOTE && at < json.length; at++) if (json[at] === BACKSLASH) at++;
    } else if ((byte | BRACE) === OPEN) {
      if (++depth > limit) return true;
    } else if ((byte | BRACE) === CLOSE) depth--;
  }
  return false;
}
