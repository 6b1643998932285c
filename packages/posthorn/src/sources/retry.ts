/** Pauses after failures to read a source. */

export interface ReadBackoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** A connection is tried again soon, because events wait at the peer. */
export const LISTEN_BACKOFF: ReadBackoff = { firstMs: 1000, maxMs: 300_000 };

/** @param everyMs Interval between polls; `null`: the kind decides. */
export function pollBackoff(everyMs: number | null): ReadBackoff {
  return { firstMs: 30_000, maxMs: Math.max(everyMs ?? 0, 900_000) };
}

/** Doubles with each failure, plus up to 10 percent. */
export function backoffMs({ firstMs, maxMs }: ReadBackoff, failures: number, random: () => number): number {
  const ms = Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return ms * (1 + 0.1 * random());
}
