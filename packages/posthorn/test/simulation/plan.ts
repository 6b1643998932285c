/** What is to happen in the week of one seed. */
import { limitsOf } from "../../src/dispatch/types.ts";
import { type DatabaseWeather, FAIR } from "./database.ts";
import type { Settings } from "./ledger.ts";
import type { OperationName } from "./operations.ts";
import type { Random } from "./random.ts";

export const HOUR = 3_600_000;
export const WEEK = 7 * 24 * HOUR;

export type Happening =
  | { readonly kind: "operation"; readonly name: OperationName }
  | { readonly kind: "weather"; readonly weather: DatabaseWeather }
  | { readonly kind: "clock_jump"; readonly ms: number }
  /** The process is killed after so many more events, and comes back after a while. */
  | { readonly kind: "crash"; readonly afterEvents: number; readonly downMs: number }
  | { readonly kind: "restart"; readonly downMs: number };

export interface Planned {
  /** Elapsed milliseconds. */
  readonly at: number;
  readonly what: Happening;
}

const SCHEDULES: readonly (readonly number[])[] = [
  [5000, 5 * 60_000, 0.5 * HOUR, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR],
  [1000, 10_000, 60_000, 0.5 * HOUR],
  [5000, 20_000],
  [],
];

export function settingsOf(random: Random): Settings {
  return {
    limits: limitsOf({
      concurrency: random.int(4, 24),
      laneJobs: random.pick([3, 8, 16, 64]),
      queueBytes: random.pick([1024, 4096, 65_536]),
    }),
    endpointConcurrency: random.int(1, 6),
    retrySchedule: random.chance(0.1) ? random.pick(SCHEDULES) : SCHEDULES[random.int(0, 1)]!,
    requestTimeoutMs: random.pick([5000, 15_000, 30_000]),
    shutdownTimeoutMs: random.pick([0, 1000, 30_000]),
  };
}

/** How often each of these happens in a week, on average. */
const OPERATIONS: Readonly<Record<Exclude<OperationName, "enable">, number>> = {
  publish: 30,
  resend: 10,
  cancel: 6,
  disable: 4,
  policy: 6,
  recover: 3,
  bulk_replay: 1.5,
  replay_missing: 1,
  delete_endpoint: 0.3,
};

const BY_HAND: readonly OperationName[] = ["resend", "resend", "cancel", "cancel", "disable", "recover"];

export function planOf(random: Random): readonly Planned[] {
  const planned: Planned[] = [];
  const add = (at: number, what: Happening): void => {
    if (at < WEEK) planned.push({ at, what });
  };
  const operation = (at: number, name: OperationName): void => add(at, { kind: "operation", name });
  const times = (mean: number): number[] =>
    Array.from({ length: Math.floor(mean * 2 * random.next() + 0.5) }, () => random.next() * WEEK);

  for (const [name, mean] of Object.entries(OPERATIONS)) {
    for (const at of times(mean)) {
      operation(at, name as OperationName);
      if (name === "disable" && random.chance(0.8)) operation(at + random.span(60_000, 24 * HOUR), "enable");
    }
  }
  const bursts = times(7);
  for (const at of bursts) {
    const length = random.span(1, 30_000);
    for (let left = random.span(2, 25); left > 0; left--) operation(at + random.next() * length, "publish");
    // What somebody does by hand meets what is under way only when it comes at the same time.
    for (let left = random.int(0, 4); left > 0; left--) {
      operation(at + random.next() * (length + 5000), random.pick(BY_HAND));
    }
  }
  // Trouble is likelier to show something while there is work.
  const busy = (): number => (bursts.length > 0 && random.chance(0.7) ? random.pick(bursts) : random.next() * WEEK);
  const some = (mean: number): number[] => times(mean).map(() => busy() + random.span(1, 60_000));
  if (random.chance(0.7)) addCrashes(random, some(3), add);
  for (const at of some(1)) add(at, { kind: "restart", downMs: random.span(100, 600_000) });
  if (random.chance(0.7)) addWeather(random, some(3), add);
  if (random.chance(0.5)) {
    for (const at of some(2))
      add(at, { kind: "clock_jump", ms: (random.chance(0.5) ? 1 : -1) * random.span(1000, 6 * HOUR) });
  }
  return planned.sort((a, b) => a.at - b.at);
}

type Add = (at: number, what: Happening) => void;

function addCrashes(random: Random, times: readonly number[], add: Add): void {
  for (const at of times) {
    add(at, { kind: "crash", afterEvents: random.int(0, 60), downMs: random.span(100, 600_000) });
  }
}

function addWeather(random: Random, times: readonly number[], add: Add): void {
  for (const at of times) {
    const weather = random.pick<DatabaseWeather>([
      { ...FAIR, latency: [50, random.span(100, 5000)] },
      { ...FAIR, refuses: random.pick([0.1, 0.5, 1]) },
      { ...FAIR, loses: random.pick([0.1, 0.5]) },
      { ...FAIR, late: 1 },
      { latency: [1, 300], late: 0.7, refuses: 0.1, loses: 0.1 },
    ]);
    add(at, { kind: "weather", weather });
    add(at + random.span(1000, 1_200_000), { kind: "weather", weather: FAIR });
  }
}
