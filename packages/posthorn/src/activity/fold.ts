/** Learning a rhythm from what comes in. */
import { expectedEvents, profileOf } from "./profile.ts";
import { type Arrivals, type Rhythm, WEEK_HOURS, WEEK_MS } from "./activity.ts";
import { isWellKnown, quietLimit, silentAt } from "./inactivity.ts";

/** Weeks that are remembered, the running one included. */
const WEEKS = 5;

/**
 * Takes up what came in.
 * @param listenedFrom Since when this server has been listening without a break: what was not heard before teaches nothing.
 */
export function foldArrivals(rhythm: Rhythm | null, arrivals: Arrivals, listenedFrom: number): Rhythm {
  const quietFrom = rhythm === null ? arrivals.firstAt : Math.max(rhythm.lastAt, listenedFrom);
  const quiet =
    rhythm === null || arrivals.firstAt <= quietFrom ? NO_QUIET : quietTime(rhythm, quietFrom, arrivals.firstAt);
  const weeks = new Map((rhythm?.weeks ?? []).map((week) => [week.index, week]));
  let total = rhythm?.total ?? 0;
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
  const lastAt = Math.max(rhythm?.lastAt ?? 0, arrivals.lastAt);
  const oldest = Math.floor(lastAt / WEEK_MS) - WEEKS + 1;
  return {
    firstAt: rhythm?.firstAt ?? arrivals.firstAt,
    lastAt,
    total,
    weeks: [...weeks.values()].filter(({ index }) => index >= oldest).sort((one, other) => one.index - other.index),
  };
}

const NO_EVENTS: readonly number[] = new Array<number>(WEEK_HOURS).fill(0);
const NO_QUIET = { longestQuietMs: 0, mostMissed: 0 };

/** A quiet time that was called silence counts as one that just was not: an outage must not become what is usual. */
function quietTime(rhythm: Rhythm, from: number, to: number): { longestQuietMs: number; mostMissed: number } {
  const silentFrom = silentAt(rhythm, { mode: "learned" }, from) ?? to;
  const missed = expectedEvents(profileOf(rhythm, rhythm.lastAt), from, to);
  return {
    longestQuietMs: Math.min(to, silentFrom) - from,
    mostMissed: isWellKnown(rhythm) ? Math.min(missed, quietLimit(rhythm).missed) : missed,
  };
}
