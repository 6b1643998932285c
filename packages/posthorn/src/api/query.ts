/** Reads query strings: lists come as one text with commas, or as `name[]` or `name[0]` again and again. */

/** Parameters that are lists of names. */
const LISTS = new Set(["event_types"]);

export function parseQuery(text: string): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {};
  for (const [key, value] of new URLSearchParams(text)) {
    const name = key.replace(/\[\d*\]$/, "");
    if (!LISTS.has(name)) {
      if (name !== "__proto__") query[name] = value;
      continue;
    }
    const list = (query[name] ??= []) as string[];
    list.push(...value.split(",").filter((item) => item !== ""));
  }
  return query;
}
