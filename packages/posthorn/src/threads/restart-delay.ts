/** How soon a thread that has crashed is started again. */

const FIRST_MS = 500;
const MAX_MS = 30_000;
/** A thread that has run for this long starts again as if it had never crashed. */
const STABLE_MS = 60_000;

/** Crashes in a row, including one after a run of this duration. */
export function crashesInRow(before: number, ranMs: number): number {
  return ranMs >= STABLE_MS ? 1 : before + 1;
}

/** Doubles with each crash in a row: at most seven starts in the first minute, and two in each later one. */
export function restartDelayMs(crashes: number): number {
  return Math.min(MAX_MS, FIRST_MS * 2 ** (crashes - 1));
}
