/**
 * Expected number of events for each hour of the week, estimated from the same hour of earlier weeks.
 *
 * The estimate is the lower median of the last four weeks, so that one flood or one week off does not change it. When events are so rare
 * that most hours are empty, whole days are compared instead, or whole weeks.
 */
import { HOUR_MS, type Activity, WEEK_HOURS } from "./activity.ts";

export const SCALES = ["hour", "day", "week"] as const;
export type Scale = (typeof SCALES)[number];

export interface Profile {
  readonly scale: Scale;
  /** Expected events for each hour of the week. */
  readonly rates: readonly number[];
}

/** Earlier weeks compared, newest first. */
const OBSERVATIONS = 4;
/** With fewer observations, nothing is expected. */
const MIN_OBSERVATIONS = 2;
/** The finest scale is used that predicts at least this share of a usual week. */
const SUFFICIENT_SHARE = 0.5;
const DAY_HOURS = 24;

/** Profiles that were computed. An activity never changes, and each update of it asks for its profile several times. */
const profiles = new WeakMap<Activity, Profile | null>();

/** Profile from the events up to the last one. `null` while fewer than two weeks are known. */
export function profileOf(activity: Activity): Profile | null {
  let profile = profiles.get(activity);
  if (profile === undefined) {
    profile = makeProfile(activity);
    profiles.set(activity, profile);
  }
  return profile;
}

function makeProfile(activity: Activity): Profile | null {
  const history = historyOf(activity);
  const [week] = ratesOf(history, WEEK_HOURS);
  const usual = week! * WEEK_HOURS;
  if (usual === 0) return null;
  const scales: readonly Scale[] = ["hour", "day"];
  for (const scale of scales) {
    const rates = ratesOf(history, scale === "hour" ? 1 : DAY_HOURS);
    if (sum(rates) >= SUFFICIENT_SHARE * usual) return { scale, rates };
  }
  return { scale: "week", rates: new Array<number>(WEEK_HOURS).fill(week!) };
}

/** Expected number of events between two times, counted for at most five weeks. */
export function expectedEvents(profile: Profile | null, from: number, to: number): number {
  if (profile === null) return 0;
  let expected = 0;
  for (const { rate, startsAt, endsAt } of hoursFrom(profile, from)) {
    if (startsAt >= to) break;
    expected += (rate * (Math.min(endsAt, to) - startsAt)) / HOUR_MS;
  }
  return expected;
}

/** Time by which this many events are expected, counted from `from`. `null` if not within five weeks. */
export function timeOfMissing(profile: Profile | null, from: number, missed: number): number | null {
  if (profile === null) return null;
  let left = missed;
  for (const { rate, startsAt, endsAt } of hoursFrom(profile, from)) {
    const expected = (rate * (endsAt - startsAt)) / HOUR_MS;
    if (expected >= left) return Math.ceil(startsAt + (left / rate) * HOUR_MS);
    left -= expected;
  }
  return null;
}

const HORIZON_HOURS = 5 * WEEK_HOURS;

function* hoursFrom({ rates }: Profile, from: number) {
  const first = Math.floor(from / HOUR_MS);
  for (let hour = first; hour < first + HORIZON_HOURS; hour++) {
    yield {
      rate: rates[hour % WEEK_HOURS]!,
      startsAt: Math.max(from, hour * HOUR_MS),
      endsAt: (hour + 1) * HOUR_MS,
    };
  }
}

interface History {
  /** First hour observed in full, and the hour after the last. */
  readonly begin: number;
  readonly end: number;
  readonly countAt: (hour: number) => number;
}

function historyOf({ firstAt, lastAt, weeks }: Activity): History {
  const byIndex = new Map(weeks.map((week) => [week.index, week.counts]));
  return {
    begin: Math.ceil(firstAt / HOUR_MS),
    end: Math.floor(lastAt / HOUR_MS),
    countAt: (hour) => byIndex.get(Math.floor(hour / WEEK_HOURS))?.[hour % WEEK_HOURS] ?? 0,
  };
}

/** Rate of each hour of the week, comparing blocks of `blockHours` with the same blocks of earlier weeks. */
function ratesOf(history: History, blockHours: number): readonly number[] {
  const rates = new Array<number>(WEEK_HOURS).fill(0);
  // A block of a week ends with the history; days and hours follow the calendar.
  const offset = blockHours === WEEK_HOURS ? history.end % WEEK_HOURS : 0;
  for (let block = 0; block < WEEK_HOURS / blockHours; block++) {
    const slot = (offset + block * blockHours) % WEEK_HOURS;
    const rate = (lowerMedian(observations(history, slot, blockHours)) ?? 0) / blockHours;
    for (let hour = 0; hour < blockHours; hour++) rates[(slot + hour) % WEEK_HOURS] = rate;
  }
  return rates;
}

/** Events in the latest blocks that start at this hour of the week and were observed in full. */
function observations(history: History, slot: number, blockHours: number): readonly number[] {
  const { begin, end } = history;
  const last = end - blockHours;
  let start = last - ((last - slot) % WEEK_HOURS);
  const found: number[] = [];
  for (; start >= begin && found.length < OBSERVATIONS; start -= WEEK_HOURS) {
    found.push(blockHours === 1 ? least(history, start) : total(history, start, blockHours));
  }
  return found;
}

/** Minimum of an hour and its neighbours. Nothing is expected at the edges of busy periods, so a daylight saving change raises no alarm. */
function least({ countAt }: History, hour: number): number {
  return Math.min(countAt(hour - 1), countAt(hour), countAt(hour + 1));
}

function total({ countAt }: History, start: number, hours: number): number {
  let count = 0;
  for (let hour = start; hour < start + hours; hour++) count += countAt(hour);
  return count;
}

function lowerMedian(values: readonly number[]): number | null {
  if (values.length < MIN_OBSERVATIONS) return null;
  return values.toSorted((one, other) => one - other)[Math.floor((values.length - 1) / 2)]!;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
