/** Length of a simulation, and durations in it: a week of one node, or most of an hour of several. */
import type { Random } from "./random.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** Times are milliseconds. */
export interface Span {
  /** 1: one that has the database for itself. */
  readonly nodes: number;
  /** Things go wrong for so long. */
  readonly trouble: number;
  /** After it, everything healthy and nothing new: the longest retry, the longest `Retry-After` and the clock set back fit in. */
  readonly aftermath: number;
  /** A lane stays until the alarm for a retry has rung, also when that delivery was made by hand meanwhile. */
  readonly lastAlarm: number;
  /** From one look at the whole to the next. */
  readonly sample: number;
  /** What callers and receivers do takes so many times less long than in a week. */
  readonly haste: number;
  readonly retrySchedules: readonly (readonly number[])[];
  /** One application publishes more at once than the few places for attempts can take: others must have their turns all the same. */
  readonly crowded: boolean;
  /** By how much clocks are set at most. */
  readonly clockJump: number;
  /** A policy of whose change a process was not told may be used for so long: longer than the database can be in trouble. */
  readonly staleMs: number;
  readonly patience: Patience;
}

export const WEEK: Omit<Span, "crowded"> = {
  nodes: 1,
  trouble: 7 * 24 * HOUR,
  aftermath: 96 * HOUR,
  lastAlarm: 48 * HOUR,
  sample: HOUR,
  haste: 1,
  retrySchedules: [
    [5000, 5 * MINUTE, 0.5 * HOUR, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR],
    [1000, 10_000, MINUTE, 0.5 * HOUR],
    [5000, 20_000],
    [],
  ],
  clockJump: 6 * HOUR,
  staleMs: 30 * MINUTE,
  patience: { dueMs: 4 * HOUR, pauseMs: 4 * HOUR, lineMs: 10 * MINUTE },
};

export const TOGETHER: Omit<Span, "nodes" | "crowded"> = {
  trouble: 20 * MINUTE,
  aftermath: 3 * HOUR,
  lastAlarm: 20 * MINUTE,
  sample: 5000,
  haste: 200,
  retrySchedules: [[1000, 5000, 20_000, MINUTE], [1000, 10_000], [5000, 20_000], []],
  clockJump: 2 * MINUTE,
  staleMs: 2 * MINUTE,
  patience: { dueMs: 4 * MINUTE, pauseMs: 20 * MINUTE, lineMs: 4 * MINUTE },
};

/** Part of the seeds in which several nodes share a database. */
const SHARED = 0.25;

/** Part of the seeds that are crowded. */
const CROWDED = 0.12;

/** @param crowdRandom For whether it is crowded, so that the rest stays as it is. */
export function spanOf(random: Random, crowdRandom: Random): Span {
  const crowded = crowdRandom.chance(CROWDED);
  if (!random.chance(SHARED)) return { ...WEEK, crowded };
  return { ...TOGETHER, nodes: random.pick([1, 2, 2, 3, 3, 4]), crowded };
}

/** Whether nodes share the database, though it may be one that does. */
export function isShared(span: Pick<Span, "haste">): boolean {
  return span.haste !== WEEK.haste;
}

/** How long things may take when nothing stands in their way; milliseconds. */
export interface Patience {
  /** After so much time without trouble nothing may be due for so long: longer than any backlog of the simulation. */
  readonly dueMs: number;
  /** Maximum time without attempts to an endpoint that has recovered: longer than any pause. */
  readonly pauseMs: number;
  /** An ordered queue continues within this time once it can. */
  readonly lineMs: number;
}
