/** Whether an origin of events is silent: quiet for longer than its own rhythm explains. */
import { profileOf, timeOfMissing } from "./profile.ts";
import type { Rhythm } from "./activity.ts";

/** How silence is told: by what was learned, after a fixed time, or not at all. */
export type SilenceRule =
  | { readonly mode: "learned" }
  | { readonly mode: "fixed"; readonly quietMs: number }
  | { readonly mode: "off" };

const DAY_MS = 86_400_000;
/** Nothing is silent that was heard within this time. */
const MIN_QUIET_MS = 300_000;
/** Silent is what was quiet for so many times the expected events as ever before … */
const MISSED_FACTOR = 2.5;
/** … and for at least so many. */
const MIN_MISSED = 4;
/** While that is not known well: for so many times the longest quiet time … */
const QUIET_FACTOR = 5;
/** … once a whole week, its end included, and so many events are known. */
const MIN_KNOWN_MS = 8 * DAY_MS;
const MIN_KNOWN_EVENTS = 20;
/** Two weeks show what is usual, two more how far from it is still usual. */
const WELL_KNOWN_MS = 28 * DAY_MS;

/** How long, and for how many expected events, the origin may be quiet. */
export function quietLimit({ weeks }: Rhythm): { readonly quietMs: number; readonly missed: number } {
  const longest = Math.max(0, ...weeks.map(({ longestQuietMs }) => longestQuietMs));
  const most = Math.max(0, ...weeks.map(({ mostMissed }) => mostMissed));
  return {
    quietMs: Math.max(MIN_QUIET_MS, QUIET_FACTOR * longest),
    missed: Math.max(MIN_MISSED, MISSED_FACTOR * most),
  };
}

/**
 * When the origin will be silent if nothing comes from `quietFrom` on; `null`: that cannot be told, or not yet.
 * @param quietFrom The last event, or when this server began to listen, whichever is later.
 */
export function silentAt(rhythm: Rhythm | null, rule: SilenceRule, quietFrom: number): number | null {
  if (rule.mode === "off") return null;
  if (rule.mode === "fixed") return quietFrom + rule.quietMs;
  if (rhythm === null) return null;
  const { quietMs, missed } = quietLimit(rhythm);
  const { firstAt, lastAt, total } = rhythm;
  if (lastAt - firstAt < MIN_KNOWN_MS || total < MIN_KNOWN_EVENTS) return null;
  const profile = profileOf(rhythm, lastAt);
  const byTime = quietFrom + quietMs;
  if (profile === null) return byTime;
  const byEvents = timeOfMissing(profile, quietFrom, missed);
  if (byEvents === null) return null;
  return isWellKnown(rhythm) ? Math.max(byEvents, quietFrom + MIN_QUIET_MS) : Math.max(byEvents, byTime);
}

/** Whether the most events that were ever missed say something. */
export function isWellKnown({ firstAt, lastAt }: Rhythm): boolean {
  return lastAt - firstAt >= WELL_KNOWN_MS;
}
