/** The plan of one seed: everything that will happen. */
import { limitsOf } from "../../src/dispatch/types.ts";
import type { BusConditions } from "./cluster/bus.ts";
import { type DatabaseConditions, FAIR } from "./database.ts";
import type { Settings } from "./run.ts";
import type { ManualOperation } from "./manual-operations.ts";
import { Random } from "./random.ts";
import { HOUR, isShared, MINUTE, type Span } from "./spans.ts";
import type { ChangeName, SlowReplayStep, OperationName } from "./operation-names.ts";

export type Happening =
  | { readonly kind: "operation"; readonly name: OperationName }
  | { readonly kind: "conditions"; readonly conditions: DatabaseConditions }
  /** Quality of the notifications between nodes. */
  | { readonly kind: "bus"; readonly conditions: BusConditions }
  | MachineHappening;

/** An event on one of the machines, by its number. */
export type MachineHappening = { readonly machine: number } & (
  | { readonly kind: "clock_jump"; readonly ms: number }
  /** The process is killed after this many more events, and restarts after a while. */
  | { readonly kind: "crash"; readonly afterEvents: number; readonly downMs: number }
  | { readonly kind: "restart"; readonly downMs: number }
  /** The same, once it has a request in flight. */
  | { readonly kind: "restart_at_work"; readonly downMs: number }
  /** It is frozen for a while. */
  | { readonly kind: "freeze"; readonly ms: number }
  /** The database does not respond to it for a while, or it receives no notifications and cannot renew its lease. */
  | { readonly kind: "cut"; readonly what: Cut; readonly ms: number }
);

export type Cut = "database" | "link";

export interface Planned {
  /** Elapsed milliseconds. */
  readonly at: number;
  readonly what: Happening;
}

/** In a crowded simulation one attempt may be in flight, no share is reserved, and memory holds every queued delivery. */
const CROWDED = { concurrency: 1, tenantConcurrency: 1, slowConcurrency: 1, laneJobs: 256, queueBytes: 1e6 } as const;

/** Draws the settings of a process. @param boundsRandom Separate stream for settings added later, so that the others stay the same. */
export function settingsOf(random: Random, boundsRandom: Random, { retrySchedules, staleMs, crowded }: Span): Settings {
  const concurrency = random.int(4, 24);
  const hostConcurrency = boundsRandom.int(2, 10);
  return {
    limits: limitsOf({
      concurrency,
      hostConcurrency,
      laneJobs: random.pick([3, 8, 16, 64]),
      queueBytes: random.pick([1024, 4096, 65_536]),
      ...(crowded && CROWDED),
    }),
    endpointConcurrency: random.int(1, 6),
    retrySchedule: random.chance(0.1) ? random.pick(retrySchedules) : retrySchedules[random.int(0, 1)]!,
    requestTimeoutMs: random.pick([5000, 15_000, 30_000]),
    shutdownTimeoutMs: random.pick([0, 1000, 30_000]),
    staleMs,
  };
}

/** Average number of each of these per simulation. */
const OPERATIONS: Readonly<
  Record<
    Exclude<OperationName, "enable" | "crowd" | "unblock_stuck" | ManualOperation | SlowReplayStep | ChangeName>,
    number
  >
> = {
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

/** The same for operations with their own stream. */
const MANUAL_OPERATIONS: Readonly<Record<ManualOperation, number>> = {
  pause: 3,
  resume: 2,
  enable_with: 3,
  try_now: 3,
  unblock: 2,
  cancel_next: 8,
  replay: 1.5,
  pause_replay: 1,
  resume_replay: 1,
  cancel_replay: 0.5,
};

const MANUAL: readonly OperationName[] = ["resend", "resend", "cancel", "cancel", "disable", "recover"];

/** When each machine is first started, in elapsed milliseconds: some join later. */
export function startsOf(random: Random, { nodes, faults }: Span): readonly number[] {
  return Array.from({ length: nodes }, (_, index) =>
    index === 0 || random.chance(0.6) ? 0 : random.span(60_000, faults / 2),
  );
}

/**
 * Everything that happens in a random simulation. Each part has its own random stream, so that a change of one does not affect the others.
 */
export function wholePlanOf(seed: number, span: Span): readonly Planned[] {
  const planned = planOf(new Random(seed, "plan"), span);
  const manual = manualPlanOf(new Random(seed, "hand"), span, planned);
  const slowReplays = slowReplayPlanOf(new Random(seed, "slow replay plan"), span, planned);
  const unblocks = unblockPlanOf(new Random(seed, "unblock plan"), span);
  const changes = span.threads === true ? changePlanOf(new Random(seed, "change plan"), span, planned) : [];
  return [...planned, ...manual, ...slowReplays, ...unblocks, ...changes];
}

function planOf(random: Random, span: Span): readonly Planned[] {
  const { nodes, faults, speedUp } = span;
  const planned: Planned[] = [];
  const add = (at: number, what: Happening): void => {
    if (at < faults) planned.push({ at, what });
  };
  const operation = (at: number, name: OperationName): void => add(at, { kind: "operation", name });
  const times = (mean: number): number[] =>
    Array.from({ length: Math.floor(mean * 2 * random.next() + 0.5) }, () => random.next() * faults);

  for (const [name, mean] of Object.entries(OPERATIONS)) {
    for (const at of times(mean)) {
      operation(at, name as OperationName);
      if (name === "disable" && random.chance(0.8)) {
        operation(at + random.span(60_000 / speedUp, (24 * HOUR) / speedUp), "enable");
      }
    }
  }
  const bursts = times(isShared(span) ? 20 : 7);
  for (const at of bursts) {
    const length = random.span(1, 30_000);
    for (let left = random.span(2, 25); left > 0; left--) operation(at + random.next() * length, "publish");
    // A manual operation coincides with an attempt in flight only if both happen at the same time.
    for (let left = random.int(0, 4); left > 0; left--) {
      operation(at + random.next() * (length + 5000), random.pick(MANUAL));
    }
  }
  // Faults are more likely to find something while there is work.
  const busy = (): number => (bursts.length > 0 && random.chance(0.7) ? random.pick(bursts) : random.next() * faults);
  const some = (mean: number): number[] => times(mean).map(() => busy() + random.span(1, 60_000));
  const machine = (): number => random.int(1, nodes);
  // An hour is too short for waits of hours.
  const upTo = (ms: number): number => Math.min(ms, isShared(span) ? MINUTE : ms);
  if (random.chance(0.7)) {
    for (const at of some(3)) {
      const what = { afterEvents: random.int(0, 60), downMs: random.span(100, upTo(10 * MINUTE)) };
      add(at, { kind: "crash", machine: machine(), ...what });
    }
  }
  for (const at of some(isShared(span) ? 2 : 1)) {
    add(at, { kind: "restart", machine: machine(), downMs: random.span(100, upTo(10 * MINUTE)) });
  }
  if (random.chance(0.7)) addWeather(random, some(3), { add, longest: upTo(20 * MINUTE) });
  if (random.chance(0.5)) {
    for (const at of some(2)) {
      const ms = (random.chance(0.5) ? 1 : -1) * random.span(1000, span.clockJump);
      add(at, { kind: "clock_jump", machine: machine(), ms });
    }
  }
  if (isShared(span)) addSplits(random, some, { add, machine });
  return planned.sort((a, b) => a.at - b.at);
}

/** Further manual operations, mostly while there is work, from a separate stream, so that the rest stays the same. */
function manualPlanOf(random: Random, span: Span, planned: readonly Planned[]): readonly Planned[] {
  const { faults, nodes } = span;
  const published = planned.filter(({ what }) => what.kind === "operation" && what.name === "publish");
  const times = (mean: number): number[] =>
    Array.from({ length: Math.floor(mean * 2 * random.next() + 0.5) }, () => {
      const isBusy = published.length > 0 && random.chance(0.7);
      const at = isBusy ? random.pick(published).at + random.span(1, 60_000) : random.next() * faults;
      return Math.min(at, faults - 1);
    });
  const operations = Object.entries(MANUAL_OPERATIONS).flatMap(([name, mean]) =>
    times(mean).map((at): Planned => ({ at, what: { kind: "operation", name: name as ManualOperation } })),
  );
  const restarts = times(isShared(span) ? 2 : 0).map((at): Planned => {
    const machine = random.int(1, nodes);
    return { at, what: { kind: "restart_at_work", machine, downMs: random.span(100, MINUTE) } };
  });
  const crowds = times(span.crowded ? 3 : 0).map((at): Planned => ({ at, what: { kind: "operation", name: "crowd" } }));
  return [...operations, ...restarts, ...crowds];
}

/** Share of the seeds with a slow replay that is paused. */
const SLOW_REPLAYS = 0.25;

/** Replays earlier messages, and pauses, resumes or cancels the replay while it runs. */
function slowReplayPlanOf(random: Random, { faults, speedUp }: Span, planned: readonly Planned[]): readonly Planned[] {
  const published = planned.filter(({ what }) => what.kind === "operation" && what.name === "publish");
  if (published.length === 0 || !random.chance(SLOW_REPLAYS)) return [];
  const begin = random.pick(published).at + random.span(1000, MINUTE);
  const pause = begin + random.span(300, 5000);
  const goOn = pause + random.span(1000, (2 * HOUR) / speedUp);
  const cancel = (random.chance(0.5) ? pause : goOn) + random.span(300, 5000);
  const steps: [number, SlowReplayStep][] = [
    [begin, "begin_slow_replay"],
    [pause, "pause_slow_replay"],
    [goOn, "resume_slow_replay"],
  ];
  if (random.chance(0.5)) steps.push([cancel, "cancel_slow_replay"]);
  return steps.filter(([at]) => at < faults).map(([at, name]): Planned => ({ at, what: { kind: "operation", name } }));
}

/** When deliveries that are stuck behind failed ones are unblocked. Usually none are. */
function unblockPlanOf(random: Random, { faults }: Span): readonly Planned[] {
  return Array.from({ length: random.int(0, 8) }, () => {
    return { at: random.next() * faults, what: { kind: "operation", name: "unblock_stuck" } };
  });
}

/** Changes that every thread of a process must have applied when their response is sent, mostly while there is work. */
function changePlanOf(random: Random, { faults }: Span, planned: readonly Planned[]): readonly Planned[] {
  const published = planned.filter(({ what }) => what.kind === "operation" && what.name === "publish");
  const at = (): number => Math.min(random.pick(published).at + random.span(1, MINUTE), faults - 1);
  const changes = (name: ChangeName, count: number): readonly Planned[] =>
    published.length === 0
      ? []
      : Array.from({ length: count }, () => ({ at: at(), what: { kind: "operation", name } }));
  return [...changes("rotate_secret", random.int(4, 20)), ...changes("delete_application", random.int(0, 1))];
}

type Add = (at: number, what: Happening) => void;

function addWeather(
  random: Random,
  times: readonly number[],
  { add, longest }: { readonly add: Add; readonly longest: number },
): void {
  for (const at of times) {
    const conditions = random.pick<DatabaseConditions>([
      { ...FAIR, latency: [50, random.span(100, 5000)] },
      { ...FAIR, refuses: random.pick([0.1, 0.5, 1]) },
      { ...FAIR, loses: random.pick([0.1, 0.5]) },
      { ...FAIR, late: 1 },
      { latency: [1, 300], late: 0.7, refuses: 0.1, loses: 0.1 },
    ]);
    add(at, { kind: "conditions", conditions });
    add(at + random.span(1000, longest), { kind: "conditions", conditions: FAIR });
  }
}

/** Faults between nodes: one is frozen, cut off, or receives no notifications. */
function addSplits(
  random: Random,
  some: (mean: number) => readonly number[],
  { add, machine }: { readonly add: Add; readonly machine: () => number },
): void {
  if (random.chance(0.7)) {
    for (const at of some(4)) add(at, { kind: "freeze", machine: machine(), ms: random.span(1000, MINUTE) });
  }
  if (random.chance(0.7)) {
    for (const at of some(4)) {
      const what = random.pick<Cut>(["database", "link"]);
      add(at, { kind: "cut", machine: machine(), what, ms: random.span(200, MINUTE) });
    }
  }
  for (const at of some(2)) {
    add(at, { kind: "bus", conditions: { delayMs: random.span(20, 2000), loses: random.pick([0, 0.5, 1]) } });
  }
}
