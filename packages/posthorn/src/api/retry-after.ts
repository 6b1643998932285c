/** Computes `Retry-After` for requests that the server cannot process now. */

/** Maximum before jitter, so that clients recover soon after even a long outage. */
const MAX_SECONDS = 20;

/**
 * Seconds for `Retry-After`, from 1 to 30. They grow with the length of the outage, and jitter keeps callers from retrying all at
 * once.
 *
 * @param awayMs How long the database has been unavailable; 0 if it is available and there is another cause.
 * @param random Returns a number from 0 to below 1, like `Math.random`.
 */
export function retryAfterSeconds(awayMs: number, random: () => number): number {
  const seconds = Math.min(MAX_SECONDS, Math.max(1, awayMs / 2000));
  return Math.max(1, Math.round(seconds * (0.5 + random())));
}
