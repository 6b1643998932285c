/** Delay before a crashed thread is restarted. */

const FIRST_MS = 500;
const MAX_MS = 30_000;
/** A thread that has run for this long is restarted as if it had never crashed. */
const STABLE_MS = 60_000;

/** Number of consecutive crashes, including one after a run of this duration. */
export function crashesInRow(before: number, ranMs: number): number {
  return ranMs >= STABLE_MS ? 1 : before + 1;
}

/** Doubles with each consecutive crash: at most seven starts in the first minute, and two in each later minute. */
export function restartDelayMs(crashes: number): number {
  return Math.min(MAX_MS, FIRST_MS * 2 ** (crashes - 1));
}
