/** Handles unknown query parameters: Posthorn's own routes reject them, the compatible routes report them in a header. */
import { ValidationError } from "../lib/errors.ts";
import { COMPATIBLE_OPERATIONS } from "./compatible.ts";
import type { Route } from "./route.ts";

/** Response header that names the query parameters that the operation ignored. */
export const WARNING_HEADER = "posthorn-warning";

/** Maximum number of names to report; a request can contain thousands. */
const MAX_NAMED = 5;
const MAX_NAME_LENGTH = 64;
/** Maximum edit distance at which a known name is suggested. */
const MAX_DISTANCE = 2;

type QueryOf = Pick<Route, "operationId" | "query">;

/** Throws a 422 that names the unknown parameters and suggests known ones. */
export function refuseUnknown(route: QueryOf, query: unknown): void {
  if (COMPATIBLE_OPERATIONS.has(route.operationId)) return;
  const unknown = unknownNames(route, query);
  if (unknown.length === 0) return;
  const known = Object.keys(route.query?.properties ?? {});
  throw new ValidationError(
    unknown.slice(0, MAX_NAMED).map((name) => {
      const text = shortened(name);
      return { loc: ["query", text], msg: sentence(text, known), type: "value_error" };
    }),
  );
}

/** Value of {@link WARNING_HEADER} in printable ASCII; `null` if every parameter is known, or the route rejects unknown ones. */
export function unknownWarning(route: QueryOf, query: unknown): string | null {
  if (!COMPATIBLE_OPERATIONS.has(route.operationId)) return null;
  const unknown = unknownNames(route, query);
  if (unknown.length === 0) return null;
  const names = unknown.slice(0, MAX_NAMED).map((name) => `"${encodeURIComponent(shortened(name))}"`);
  const more = unknown.length > MAX_NAMED ? ` and ${unknown.length - MAX_NAMED} more` : "";
  return `unknown query parameter${unknown.length === 1 ? "" : "s"} ${names.join(", ")}${more}`;
}

function unknownNames({ query: schema }: QueryOf, query: unknown): string[] {
  const known = schema?.properties ?? {};
  return Object.entries(query as object)
    .filter(([name, value]) => value !== undefined && !Object.hasOwn(known, name))
    .map(([name]) => name);
}

function shortened(name: string): string {
  return name.slice(0, MAX_NAME_LENGTH).toWellFormed();
}

function sentence(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  if (near !== null) return `Unknown query parameter "${name}". Did you mean "${near}"?`;
  const rest = known.length === 0 ? "This operation has none." : `This operation has: ${known.join(", ")}.`;
  return `Unknown query parameter "${name}". ${rest}`;
}

/** The closest known name within the maximum distance. Ignores case, `_` and `-`. */
function nearest(name: string, known: readonly string[]): string | null {
  const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, "");
  const given = plain(name);
  let best: string | null = null;
  let least = MAX_DISTANCE + 1;
  for (const candidate of known) {
    const distance = distanceOf(given, plain(candidate));
    if (distance >= least || distance >= given.length) continue;
    best = candidate;
    least = distance;
  }
  return best;
}

/** Levenshtein distance. Both texts are short. */
function distanceOf(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const replaced = row[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
}
