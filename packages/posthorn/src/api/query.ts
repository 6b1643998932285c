/** Reads query strings: lists come as one text with commas, or as `name[]` or `name[0]` again and again. */

/** Parameters that are lists of names. */
const LISTS = new Set(["event_types"]);

const OWN = { configurable: true, enumerable: true, writable: true } as const;

export function parseQuery(text: string): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {};
  for (const [key, value] of new URLSearchParams(text)) {
    const name = key.replace(/\[\d*\]$/, "");
    if (!LISTS.has(name)) {
      // Assigned, `__proto__` would be lost instead of refused as unknown.
      if (name === "__proto__") Object.defineProperty(query, name, { ...OWN, value });
      else query[name] = value;
      continue;
    }
    const list = (query[name] ??= []) as string[];
    list.push(...value.split(",").filter((item) => item !== ""));
  }
  return query;
}
