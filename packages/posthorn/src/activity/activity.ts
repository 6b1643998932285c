/**
 * Activity of a source: events per hour of the last five weeks, and the longest gaps between events. It takes a few kilobytes, regardless of
 * the traffic. Times are Unix milliseconds; hours and weeks are in UTC.
 *
 * This folder is pure logic without I/O. The operations that load and store activity are in `domain/activity`.
 */
export const HOUR_MS = 3_600_000;
export const WEEK_HOURS = 168;
export const WEEK_MS = WEEK_HOURS * HOUR_MS;
export interface Week {
  /** Weeks since the first Thursday of 1970, 00:00 UTC. */
  readonly index: number;
  /** Events in each hour of the week. */
  readonly counts: readonly number[];
  /** Longest gap that ended in this week. */
  readonly longestQuietMs: number;
  /** Most events expected in a gap that ended in this week, by the profile at that time. */
  readonly mostMissed: number;
}

export interface Activity {
  readonly firstAt: number;
  readonly lastAt: number;
  readonly total: number;
  /** Oldest first. Weeks without events are omitted. */
  readonly weeks: readonly Week[];
}

/** Events received since the last fold, aggregated by hour. */
export interface Arrivals {
  readonly firstAt: number;
  readonly lastAt: number;
  /** Count by hours since 1970. */
  readonly hours: ReadonlyMap<number, number>;
}
