/**
 * Counts how often a request was forwarded. A forwarded request becomes a new event if its target is a source, and would circulate forever if
 * that source forwards it back.
 */

/** Header with the number of times that a request was forwarded. */
export const HOPS_HEADER = "x-posthorn-hops";
/** Longer than any intended chain of sources. */
export const MAX_HOPS = 8;

/**
 * Number in the header of a received request; 0 if it is absent or not a number. If there are several values, the first counts: Posthorn writes
 * it before the custom headers of the endpoint.
 */
export function hopCountOf(value: string | readonly string[] | undefined): number {
  const [first = "0"] = typeof value === "string" ? (/^\d{1,4}/.exec(value) ?? []) : [];
  return Number(first);
}

/** The count in a list of alternating header names and values, of which `null` is a secret value. */
export function hopCountIn(headers: readonly (string | null)[]): number {
  const at = headers.findIndex((text, index) => index % 2 === 0 && text?.toLowerCase() === HOPS_HEADER);
  return at === -1 ? 0 : hopCountOf(headers[at + 1] ?? undefined);
}
