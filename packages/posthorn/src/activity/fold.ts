/** Updates the activity of a source with new arrivals. */
import { expectedEvents, profileOf } from "./profile.ts";
import { type Arrivals, type Activity, WEEK_HOURS, WEEK_MS } from "./activity.ts";
import { isWellKnown, quietLimit, timeOfInactivity } from "./inactivity.ts";

/** Weeks kept, including the current one. */
const WEEKS = 5;

/**
 * Adds arrivals to the activity.
 * @param upSince When the server began to receive without interruption. A gap before that is not counted, because events may have
 * been sent while no server was running.
 */
export function foldArrivals(activity: Activity | null, arrivals: Arrivals, upSince: number): Activity {
  const quietFrom = activity === null ? arrivals.firstAt : Math.max(activity.lastAt, upSince);
  const quiet =
    activity === null || arrivals.firstAt <= quietFrom ? NO_QUIET : quietTime(activity, quietFrom, arrivals.firstAt);
  const weeks = new Map((activity?.weeks ?? []).map((week) => [week.index, week]));
  let total = activity?.total ?? 0;
  for (const [hour, count] of arrivals.hours) {
    const index = Math.floor(hour / WEEK_HOURS);
    const { counts, ...week } = weeks.get(index) ?? { index, counts: NO_EVENTS, ...NO_QUIET };
    const slot = hour % WEEK_HOURS;
    weeks.set(index, { ...week, counts: counts.with(slot, counts[slot]! + count) });
    total += count;
  }
  const endedIn = weeks.get(Math.floor(arrivals.firstAt / WEEK_MS));
  if (endedIn !== undefined) {
    weeks.set(endedIn.index, {
      ...endedIn,
      longestQuietMs: Math.max(endedIn.longestQuietMs, quiet.longestQuietMs),
      mostMissed: Math.max(endedIn.mostMissed, quiet.mostMissed),
    });
  }
  const lastAt = Math.max(activity?.lastAt ?? 0, arrivals.lastAt);
  const oldest = Math.floor(lastAt / WEEK_MS) - WEEKS + 1;
  return {
    firstAt: activity?.firstAt ?? arrivals.firstAt,
    lastAt,
    total,
    weeks: [...weeks.values()].filter(({ index }) => index >= oldest).sort((one, other) => one.index - other.index),
  };
}

const NO_EVENTS: readonly number[] = new Array<number>(WEEK_HOURS).fill(0);
const NO_QUIET = { longestQuietMs: 0, mostMissed: 0 };

/** A gap long enough to count as inactivity is cut to the limit, so that an outage does not become the new normal. */
function quietTime(activity: Activity, from: number, to: number): { longestQuietMs: number; mostMissed: number } {
  const inactiveFrom = timeOfInactivity(activity, { mode: "learned" }, from) ?? to;
  const missed = expectedEvents(profileOf(activity), from, to);
  return {
    longestQuietMs: Math.min(to, inactiveFrom) - from,
    mostMissed: isWellKnown(activity) ? Math.min(missed, quietLimit(activity).missed) : missed,
  };
}
