import { describe, expect, it } from "vitest";
import { foldArrivals } from "./fold.ts";
import { type Arrivals, HOUR_MS, type Activity } from "./activity.ts";
import { timeOfInactivity, type InactivityRule } from "./inactivity.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * HOUR_MS;
const STEP_MS = 30 * MINUTE_MS;
/** Start of the simulated time, a Monday. */
const START = Date.UTC(2026, 0, 5);

/** Random numbers that are the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Traffic = (random: () => number, days: number) => number[];

/** Poisson events with a rate per hour that depends on the time. */
function poisson(rateAt: (time: number) => number): Traffic {
  return (random, days) => {
    const events: number[] = [];
    const steps = days * 24 * 60;
    for (let step = 0; step < steps; step++) {
      const time = START + step * MINUTE_MS;
      const limit = Math.exp(-rateAt(time) / 60);
      for (let left = random(); left > limit; left *= random()) events.push(time + random() * MINUTE_MS);
    }
    return events.sort((one, other) => one - other);
  };
}

const hourOf = (time: number): number => new Date(time).getUTCHours();
const isWorkday = (time: number): boolean => ![0, 6].includes(new Date(time).getUTCDay());
const atOffice = (time: number): boolean => isWorkday(time) && hourOf(time) >= 8 && hourOf(time) < 17;

const daily =
  (jitterMs: number): Traffic =>
  (random, days) =>
    Array.from({ length: days }, (_, day) => START + day * DAY_MS + 9 * HOUR_MS + (random() - 0.5) * jitterMs);

const bursts: Traffic = (random, days) => {
  const events: number[] = [];
  for (let time = START; time < START + days * DAY_MS; time += (1 + random() * 9) * HOUR_MS) {
    for (let n = 0; n < 200; n++) events.push(time + n * 500);
  }
  return events;
};

interface Run {
  /** When the source was reported inactive, and when it was active again. */
  readonly alarms: readonly { readonly at: number; readonly until: number | null }[];
  readonly activity: Activity;
}

/** Processes the events in time steps over a number of days, as a server does. */
function live(
  events: readonly number[],
  days: number,
  rule: InactivityRule = { mode: "learned" },
  downtime: readonly [number, number] = [0, 0],
): Run {
  let activity: Activity | null = null;
  let upSince = START;
  const alarms: { at: number; until: number | null }[] = [];
  let next = 0;
  for (let now = START; now < START + days * DAY_MS; now += STEP_MS) {
    const batch: number[] = [];
    for (; next < events.length && events[next]! < now; next++) batch.push(events[next]!);
    if (now >= downtime[0] && now < downtime[1]) continue;
    if (now - STEP_MS < downtime[1] && now >= downtime[1]) upSince = now;
    if (batch.length > 0) {
      activity = foldArrivals(activity, arrivals(batch), upSince);
      const open = alarms.at(-1);
      if (open?.until === null) open.until = batch[0]!;
    }
    if (activity === null || alarms.at(-1)?.until === null) continue;
    // Evaluated once an hour, and after each batch of events.
    const at =
      batch.length > 0 || now % HOUR_MS === 0
        ? timeOfInactivity(activity, rule, Math.max(activity.lastAt, upSince))
        : null;
    if (at !== null && at <= now) alarms.push({ at: now, until: null });
  }
  return { alarms, activity: activity! };
}

function arrivals(times: readonly number[]): Arrivals {
  const hours = new Map<number, number>();
  for (const time of times) {
    const hour = Math.floor(time / HOUR_MS);
    hours.set(hour, (hours.get(hour) ?? 0) + 1);
  }
  return { firstAt: times[0]!, lastAt: times.at(-1)!, hours };
}

const WEEKS_10 = 70;

describe.each<[name: string, traffic: Traffic, withinHours: number]>([
  ["a steady stream", poisson(() => 60), 2],
  ["traffic of office hours", poisson((time) => (atOffice(time) ? 120 : 0)), 2],
  ["traffic with quiet nights and weekends", poisson((time) => (atOffice(time) ? 200 : isWorkday(time) ? 5 : 1)), 12],
  ["a daily job", daily(20 * MINUTE_MS), 24 * 5],
  ["an hourly job", (_, days) => Array.from({ length: days * 24 }, (_each, hour) => START + hour * HOUR_MS + 1000), 6],
  ["a few events a day at any time", poisson(() => 6 / 24), 24 * 4],
  ["a few events a week", poisson(() => 5 / 168), 24 * 35],
  ["bursts at any time", bursts, 24 * 2],
])("%s", (_name, traffic, withinHours) => {
  it.each([1, 2])("raises no false alarm in ten weeks, and an alarm once it stops (seed %i)", (seed) => {
    const events = traffic(seeded(seed), WEEKS_10);
    // Stops on a Monday at 10:00, in the middle of the usual traffic.
    const stop = START + WEEKS_10 * DAY_MS - 7 * DAY_MS + 10 * HOUR_MS;
    const { alarms } = live(
      events.filter((time) => time < stop),
      WEEKS_10 + 35,
    );
    expect(alarms.map(({ at }) => new Date(at).toISOString())).toHaveLength(1);
    expect(alarms[0]!.at).toBeGreaterThan(stop);
    expect((alarms[0]!.at - stop) / HOUR_MS).toBeLessThan(withinHours);
  });
});

describe("the learned activity of a source", () => {
  it("raises no alarm when daylight saving time starts or ends", () => {
    const summer = START + 50 * DAY_MS;
    for (const shift of [HOUR_MS, -HOUR_MS]) {
      const rate = (time: number): number => (atOffice(time < summer ? time : time + shift) ? 120 : 0);
      expect(live(poisson(rate)(seeded(7), WEEKS_10), WEEKS_10).alarms).toEqual([]);
    }
  });

  it("ignores the downtime of the server: it is not learned, and raises no alarm", () => {
    const events = poisson(() => 60)(seeded(5), 40);
    const down = START + 30 * DAY_MS;
    const downtime = [down, down + 20 * HOUR_MS] as const;
    const heard = events.filter((time) => time < downtime[0] || time >= downtime[1]);
    const { alarms, activity } = live(heard, 40, { mode: "learned" }, downtime);
    expect(alarms).toEqual([]);
    expect(Math.max(...activity.weeks.map(({ longestQuietMs }) => longestQuietMs))).toBeLessThan(HOUR_MS);
  });

  it("raises no alarm in its first week, while it is incomplete", () => {
    const stream = poisson((time) => (isWorkday(time) ? 600 : 0));
    expect(live(stream(seeded(1), 30), 30).alarms).toEqual([]);
  });

  it("does not expect a single flood of events to repeat in the weeks after it", () => {
    const flood = Array.from({ length: 100_000 }, (_, n) => START + 20 * DAY_MS + n * 30);
    const events = [...poisson(() => 20)(seeded(3), 45), ...flood].sort((one, other) => one - other);
    expect(live(events, 45).alarms).toEqual([]);
  });

  it("adapts to less traffic after a few alarms", () => {
    const cut = START + 35 * DAY_MS;
    const events = poisson((time) => (time < cut ? 120 : 2))(seeded(4), 80);
    const { alarms } = live(events, 80);
    expect(alarms.length).toBeLessThanOrEqual(6);
    expect(alarms.filter(({ at }) => at > cut + 14 * DAY_MS)).toEqual([]);
  });

  it("ends the alarm when events arrive again, and does not learn the outage as usual", () => {
    const out = START + 40 * DAY_MS;
    const events = poisson(() => 60)(seeded(6), 60).filter((time) => time < out || time >= out + DAY_MS);
    const { alarms } = live(events, 61);
    expect(alarms.length).toBe(2);
    expect(alarms[0]!.until! - out).toBeGreaterThan(DAY_MS - 1);
    // The second period of inactivity, at the end, is reported as fast as the first.
    expect(alarms[1]!.at - (START + 60 * DAY_MS)).toBeLessThan(3 * HOUR_MS);
  });

  it("is replaced by a fixed time, or not checked at all, if the rule says so", () => {
    const events = [START, START + HOUR_MS];
    const { alarms } = live(events, 2, { mode: "fixed", quietMs: 3 * HOUR_MS });
    expect(alarms).toHaveLength(1);
    expect(alarms[0]!.at - START).toBeLessThan(5 * HOUR_MS);
    expect(live(events, 2, { mode: "off" }).alarms).toEqual([]);
  });

  it("keeps a bounded size", () => {
    const { activity } = live(daily(0)(seeded(1), 400), 400);
    expect(activity.weeks).toHaveLength(5);
    expect(JSON.stringify(activity).length).toBeLessThan(4096);
  });
});
