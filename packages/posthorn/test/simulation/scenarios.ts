/** Short simulations that reliably produce situations that are rare in random weeks. */
import type { Planned } from "./plan.ts";
import type { Random } from "./random.ts";
import type { Settings } from "./run.ts";
import { HOUR, MINUTE, type Span, TOGETHER, WEEK } from "./spans.ts";

export interface Scenario {
  readonly name: string;
  readonly span: Span;
  /** Changes the random settings of each process. */
  readonly settings: (drawn: Settings) => Settings;
  /** Policy of every endpoint. */
  readonly policy: object;
  /** Longest time that opening a connection takes; 0: requests are written at once. */
  readonly maxConnectMs: number;
  readonly plan: (random: Random, span: Span) => readonly Planned[];
}

const SECOND = 1000;
/** From this time on every process runs and every endpoint exists. */
const READY = 2 * MINUTE;
/** Receivers have no faults in a span this short. */
const SHORT = 9 * MINUTE;
const ORDER = { by: "key", onFailure: "block", maxBlockSeconds: 0 } as const;

/** The clock is set back while more messages are pending than a lane holds in memory. */
export const CLOCK_SET_BACK: Scenario = {
  name: "clock-set-back",
  span: {
    ...WEEK,
    crowded: false,
    faults: SHORT,
    recovery: 12 * HOUR,
    sample: 10 * SECOND,
    retrySchedules: [[1000, 10_000], [5000]],
    waitLimits: { dueMs: 3 * MINUTE, pauseMs: 3 * MINUTE, queueMs: 2 * MINUTE },
  },
  settings: (drawn) => ({ ...drawn, limits: { ...drawn.limits, laneJobs: 3 } }),
  policy: { order: ORDER, limits: { timeoutMs: 15_000, ratePerSecond: 2 } },
  maxConnectMs: 0,
  plan: (random) => {
    const setAt = READY + random.span(10 * SECOND, 20 * SECOND);
    const planned = [
      ...publishes(random, { from: READY, to: setAt, count: random.int(30, 60) }),
      // In some seeds nothing is published afterwards: pending deliveries must still be sent.
      ...publishes(random, { from: setAt, to: setAt + 20 * SECOND, count: random.pick([0, 10, 30]) }),
      { at: setAt, what: { kind: "clock_jump", machine: 1, ms: -random.span(MINUTE, 2 * HOUR) } },
    ] satisfies Planned[];
    if (random.chance(0.6)) return planned;
    const at = setAt + random.span(1, 10 * SECOND);
    return [...planned, { at, what: { kind: "restart", machine: 1, downMs: random.span(100, 5000) } }];
  },
};

/** A node is frozen while it opens connections, and wakes after another node has taken its shards. */
export const FROZEN_NODE: Scenario = {
  name: "frozen-node",
  // With twice the speed of a week, no receiver has faults before the end.
  span: { ...TOGETHER, crowded: false, nodes: 2, speedUp: 2, faults: READY + 90 * SECOND, recovery: 12 * HOUR },
  settings: (drawn) => ({ ...drawn, requestTimeoutMs: 30_000 }),
  policy: { order: ORDER },
  maxConnectMs: 3000,
  plan: (random, { faults }) => {
    const planned: Planned[] = [...publishes(random, { from: READY, to: faults, count: 100 })];
    for (let at = READY + 5 * SECOND; at < faults; at += 30 * SECOND) {
      const ms = random.span(7 * SECOND, 14 * SECOND);
      planned.push({ at: at + random.span(1, 5 * SECOND), what: { kind: "freeze", machine: random.int(1, 2), ms } });
    }
    return planned;
  },
};

export const SCENARIOS: readonly Scenario[] = [CLOCK_SET_BACK, FROZEN_NODE];

interface Stretch {
  /** Elapsed milliseconds. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

function publishes(random: Random, { from, to, count }: Stretch): readonly Planned[] {
  return Array.from({ length: count }, () => ({
    at: from + random.next() * (to - from),
    what: { kind: "operation", name: "publish" },
  }));
}
