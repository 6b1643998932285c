/** Parses query strings. A list is one comma-separated value, or repeated `name[]` or `name[0]` parameters. */

/** Parameters that are lists. */
const LISTS = new Set(["event_types", "ids", "kinds"]);

const OWN = { configurable: true, enumerable: true, writable: true } as const;

export function parseQuery(text: string): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {};
  for (const [key, value] of new URLSearchParams(text)) {
    const name = key.replace(/\[\d*\]$/, "");
    if (!LISTS.has(name)) {
      // An assignment to `__proto__` would drop the parameter instead of rejecting it as unknown.
      if (name === "__proto__") Object.defineProperty(query, name, { ...OWN, value });
      else query[name] = value;
      continue;
    }
    const list = (query[name] ??= []) as string[];
    list.push(...value.split(",").filter((item) => item !== ""));
  }
  return query;
}
