/** Ends loops: what is passed on to a source comes in again, and would go round for ever when that leads back to where it came from. */

/** What is passed on says in it how often it was. */
export const HOPS_HEADER = "x-posthorn-hops";
/** More than any chain of sources that is meant. */
export const MOST_HOPS = 8;

/**
 * How often a request was passed on before it came in, by the value of its header. What is no number is none: nobody but us sets it. Of
 * several the first counts, which is ours: headers of an endpoint follow it.
 */
export function hopsOf(value: string | readonly string[] | undefined): number {
  const [first = "0"] = typeof value === "string" ? (/^\d{1,4}/.exec(value) ?? []) : [];
  return Number(first);
}
