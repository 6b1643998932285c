/**
 * How many events are to be expected in an hour of the week, from the same hours of the weeks before.
 *
 * Of the last four times the lower of the two in the middle counts: one flood, or one week off, changes nothing. Where events are
 * so rare that most hours are empty, whole days are compared instead, or whole weeks.
 */
import { HOUR_MS, type Rhythm, WEEK_HOURS } from "./activity.ts";

export const SCALES = ["hour", "day", "week"] as const;
export type Scale = (typeof SCALES)[number];

export interface Profile {
  readonly scale: Scale;
  /** Events to be expected in each hour of the week. */
  readonly rates: readonly number[];
}

/** Times of the same hour, day or week that are looked at, latest first. */
const OBSERVATIONS = 4;
/** With fewer nothing is expected. */
const MIN_OBSERVATIONS = 2;
/** A scale that explains this share of a usual week is fine enough. */
const SUFFICIENT_SHARE = 0.5;
const DAY_HOURS = 24;

/** What is to be expected by what had come in until `until`; `null` while fewer than two weeks are known. */
export function profileOf(rhythm: Rhythm, until: number): Profile | null {
  const history = historyOf(rhythm, until);
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

/** How many events were to be expected between two times. Beyond five weeks it does not look. */
export function expectedEvents(profile: Profile | null, from: number, to: number): number {
  if (profile === null) return 0;
  let expected = 0;
  for (const { rate, startsAt, endsAt } of hoursFrom(profile, from)) {
    if (startsAt >= to) break;
    expected += (rate * (Math.min(endsAt, to) - startsAt)) / HOUR_MS;
  }
  return expected;
}

/** When so many events will have been missed, counted from a time; `null`: not within five weeks. */
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
  /** The first whole hour that was observed, and the hour after the last. */
  readonly begin: number;
  readonly end: number;
  readonly countAt: (hour: number) => number;
}

function historyOf({ firstAt, weeks }: Rhythm, until: number): History {
  const byIndex = new Map(weeks.map((week) => [week.index, week.counts]));
  return {
    begin: Math.ceil(firstAt / HOUR_MS),
    end: Math.floor(until / HOUR_MS),
    countAt: (hour) => byIndex.get(Math.floor(hour / WEEK_HOURS))?.[hour % WEEK_HOURS] ?? 0,
  };
}

/** The rate of each hour of the week when blocks of so many hours are compared with those a week before. */
function ratesOf(history: History, blockHours: number): readonly number[] {
  const rates = new Array<number>(WEEK_HOURS).fill(0);
  // Weeks end where the history does, days and hours where the calendar has them.
  const offset = blockHours === WEEK_HOURS ? history.end % WEEK_HOURS : 0;
  for (let block = 0; block < WEEK_HOURS / blockHours; block++) {
    const slot = (offset + block * blockHours) % WEEK_HOURS;
    const rate = (lowerMedian(observations(history, slot, blockHours)) ?? 0) / blockHours;
    for (let hour = 0; hour < blockHours; hour++) rates[(slot + hour) % WEEK_HOURS] = rate;
  }
  return rates;
}

/** Events in the last blocks that begin at this hour of the week and are wholly observed. */
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

/** The least of an hour and its neighbours: where traffic begins and ends nothing is expected, so that clocks may change. */
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
