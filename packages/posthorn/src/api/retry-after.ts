/** When a caller may come back whom the server cannot serve now. */

/** Before chance: a caller hears soon that the database is back, however long that took. */
const MOST_SECONDS = 20;

/**
 * Seconds for `Retry-After`, from 1 to 30: what has been away for long comes back later than what has just gone, and with chance in it
 * callers do not all come back at once.
 *
 * @param awayMs How long the database has been away; 0: it is here, and something else is short.
 * @param random A number from 0 to below 1, as `Math.random`.
 */
export function retryAfterSeconds(awayMs: number, random: () => number): number {
  const seconds = Math.min(MOST_SECONDS, Math.max(1, awayMs / 2000));
  return Math.max(1, Math.round(seconds * (0.5 + random())));
}
