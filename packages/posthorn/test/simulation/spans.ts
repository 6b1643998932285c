/** Length of a simulation, and durations in it: a week of one node, or most of an hour of several. */
import type { Random } from "./random.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** Durations are in milliseconds. */
export interface Span {
  /** Number of nodes. In a week it is 1, and the node does not share its database. With `threads`, the maximum number of threads. */
  readonly nodes: number;
  /** The nodes are threads of one process. */
  readonly threads?: true;
  /** Duration of the first part, in which faults occur. */
  readonly faults: number;
  /** Duration of the second part, without faults or new messages. Longer than the longest retry, the longest `Retry-After` and a clock set back. */
  readonly recovery: number;
  /** A lane remains until the timer of a retry has fired, even if the delivery was resent manually in the meantime. */
  readonly lastTimer: number;
  /** Interval between checks of the overall state. */
  readonly sample: number;
  /** Factor by which callers and receivers act faster than in a week. */
  readonly speedUp: number;
  readonly retrySchedules: readonly (readonly number[])[];
  /** One application publishes more at once than the low concurrency can handle. Others must still be served. */
  readonly crowded: boolean;
  /** Maximum amount by which clocks are set. */
  readonly clockJump: number;
  /** How long a process may use an outdated policy if it missed the notification: longer than a fault of the database lasts. */
  readonly staleMs: number;
  readonly waitLimits: WaitLimits;
}

export const WEEK: Omit<Span, "crowded"> = {
  nodes: 1,
  faults: 7 * 24 * HOUR,
  recovery: 96 * HOUR,
  lastTimer: 48 * HOUR,
  sample: HOUR,
  speedUp: 1,
  retrySchedules: [
    [5000, 5 * MINUTE, 0.5 * HOUR, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR],
    [1000, 10_000, MINUTE, 0.5 * HOUR],
    [5000, 20_000],
    [],
  ],
  clockJump: 6 * HOUR,
  staleMs: 30 * MINUTE,
  waitLimits: { dueMs: 4 * HOUR, pauseMs: 4 * HOUR, queueMs: 10 * MINUTE },
};

export const TOGETHER: Omit<Span, "nodes" | "crowded"> = {
  faults: 20 * MINUTE,
  recovery: 3 * HOUR,
  lastTimer: 20 * MINUTE,
  sample: 5000,
  speedUp: 200,
  retrySchedules: [[1000, 5000, 20_000, MINUTE], [1000, 10_000], [5000, 20_000], []],
  clockJump: 2 * MINUTE,
  staleMs: 2 * MINUTE,
  waitLimits: { dueMs: 4 * MINUTE, pauseMs: 20 * MINUTE, queueMs: 4 * MINUTE },
};

/** Draws the span of a seed in which the nodes are threads of one process. */
export function threadSpanOf(random: Random): Span {
  return { ...TOGETHER, threads: true, crowded: false, nodes: random.pick([1, 2, 2, 3, 3, 4, 4]) };
}

/** Share of the seeds in which several nodes share a database. */
const SHARED = 0.25;

/** Share of the seeds that are crowded. */
const CROWDED = 0.12;

/** Draws the span of a seed. @param crowdRandom Separate stream that decides whether it is crowded, so that the rest stays the same. */
export function spanOf(random: Random, crowdRandom: Random): Span {
  const crowded = crowdRandom.chance(CROWDED);
  if (!random.chance(SHARED)) return { ...WEEK, crowded };
  return { ...TOGETHER, nodes: random.pick([1, 2, 2, 3, 3, 4]), crowded };
}

/** Whether the database is one that nodes share, even if there is only one node. */
export function isShared(span: Pick<Span, "speedUp">): boolean {
  return span.speedUp !== WEEK.speedUp;
}

/** Maximum durations without faults, in milliseconds. */
export interface WaitLimits {
  /** Maximum time for which a delivery may be due: longer than any backlog of the simulation. Applies after as much time without faults. */
  readonly dueMs: number;
  /** Maximum time without attempts to an endpoint that has recovered: longer than any pause. */
  readonly pauseMs: number;
  /** An ordered queue continues within this time once it can. */
  readonly queueMs: number;
}
