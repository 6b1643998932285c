/** Decides when a source counts as inactive: without events for longer than its past activity explains. */
import { profileOf, timeOfMissing } from "./profile.ts";
import type { Activity } from "./activity.ts";

/** When a source counts as inactive: compared with its past activity, after a fixed time, or never. */
export type InactivityRule =
  | { readonly mode: "learned" }
  | { readonly mode: "fixed"; readonly quietMs: number }
  | { readonly mode: "off" };

const DAY_MS = 86_400_000;
/** A source is never inactive within this time of its last event. */
const MIN_QUIET_MS = 300_000;
/** Inactive after this multiple of the most events ever expected in a gap … */
const MISSED_FACTOR = 2.5;
/** … and at least this many expected events. */
const MIN_MISSED = 4;
/** While that figure is still uncertain: also after this multiple of the longest gap … */
const QUIET_FACTOR = 5;
/** … once a full week with its weekend and this many events are known. */
const MIN_KNOWN_MS = 8 * DAY_MS;
const MIN_KNOWN_EVENTS = 20;
/** Two weeks show the usual traffic, two more how much it varies. */
const WELL_KNOWN_MS = 28 * DAY_MS;

/** Longest gap that is still normal, as a time and as a number of expected events. */
export function quietLimit({ weeks }: Activity): { readonly quietMs: number; readonly missed: number } {
  const longest = Math.max(0, ...weeks.map(({ longestQuietMs }) => longestQuietMs));
  const most = Math.max(0, ...weeks.map(({ mostMissed }) => mostMissed));
  return {
    quietMs: Math.max(MIN_QUIET_MS, QUIET_FACTOR * longest),
    missed: Math.max(MIN_MISSED, MISSED_FACTOR * most),
  };
}

/**
 * Time at which the source becomes inactive if no event arrives after `quietFrom`. `null` if unknown, or not known yet.
 * @param quietFrom Time of the last event, or when the server began to receive, whichever is later.
 */
export function timeOfInactivity(activity: Activity | null, rule: InactivityRule, quietFrom: number): number | null {
  if (rule.mode === "off") return null;
  if (rule.mode === "fixed") return quietFrom + rule.quietMs;
  if (activity === null) return null;
  const { quietMs, missed } = quietLimit(activity);
  const { firstAt, lastAt, total } = activity;
  if (lastAt - firstAt < MIN_KNOWN_MS || total < MIN_KNOWN_EVENTS) return null;
  const profile = profileOf(activity);
  const byTime = quietFrom + quietMs;
  if (profile === null) return byTime;
  const byEvents = timeOfMissing(profile, quietFrom, missed);
  if (byEvents === null) return null;
  return isWellKnown(activity) ? Math.max(byEvents, quietFrom + MIN_QUIET_MS) : Math.max(byEvents, byTime);
}

/** Whether the activity covers enough weeks for its longest gap to be meaningful. */
export function isWellKnown({ firstAt, lastAt }: Activity): boolean {
  return lastAt - firstAt >= WELL_KNOWN_MS;
}
