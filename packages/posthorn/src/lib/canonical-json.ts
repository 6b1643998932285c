/** Canonical JSON by RFC 8785 (JCS): the same value has the same bytes in every implementation, so that its hash can be computed elsewhere. */

/**
 * Returns the canonical JSON text of a value made of objects, arrays, strings, finite numbers, booleans and `null`. Members that are
 * `undefined` are omitted, and unpaired surrogates, which JCS does not allow, become U+FFFD.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.toWellFormed());
  if (typeof value === "number" && !Number.isFinite(value)) throw new TypeError(`${value} has no JSON form`);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  // JCS sorts by UTF-16 code units, as JavaScript compares strings.
  members.sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, member]) => `${canonicalJson(name)}:${canonicalJson(member)}`).join(",")}}`;
}
