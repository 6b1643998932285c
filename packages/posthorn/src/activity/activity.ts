/**
 * When events of one origin come: how many in each hour of the last weeks, and how long it was ever quiet. A few kilobytes, whatever
 * the traffic. Times are Unix milliseconds; hours and weeks are counted in UTC.
 */
export const HOUR_MS = 3_600_000;
export const WEEK_HOURS = 168;
export const WEEK_MS = WEEK_HOURS * HOUR_MS;
export interface Week {
  /** Weeks since the first Thursday of 1970 at midnight. */
  readonly index: number;
  /** Events in each of its hours. */
  readonly counts: readonly number[];
  /** The longest quiet time that ended in it … */
  readonly longestQuietMs: number;
  /** … and the most events that were to be expected in one, by what was known then. */
  readonly mostMissed: number;
}

export interface Rhythm {
  readonly firstAt: number;
  readonly lastAt: number;
  readonly total: number;
  /** Oldest first; weeks without an event are left out. */
  readonly weeks: readonly Week[];
}

/** Events that came in since the last time, counted together. */
export interface Arrivals {
  readonly firstAt: number;
  readonly lastAt: number;
  /** By the hour since 1970. */
  readonly hours: ReadonlyMap<number, number>;
}
