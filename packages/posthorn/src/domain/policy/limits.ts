/** How much at once, how much a second, and for how long. */
import { invalid } from "../../lib/errors.ts";
import { defineSection, type PolicyLevel } from "./section.ts";

export interface LimitsValues {
  /** Most attempts in flight. */
  readonly concurrency: number;
  /** Attempts a second; 0: no bound. */
  readonly ratePerSecond: number;
  /** Milliseconds from the first look-up to the last byte of the answer. */
  readonly timeoutMs: number;
  /** Which of what waits goes out first. Nothing changes for those that have an order. */
  readonly backlog: "oldest" | "newest";
}

/**
 * The organisation may give an application more or less than the platform's values; an endpoint only gets tighter than its
 * application. So who manages endpoints can never raise what the platform allows. The time-out is held to a bound of its own.
 */
export const limits = defineSection<LimitsValues>({
  tenant: "ManageEndpoint",
  platform: ({ endpointConcurrency, requestTimeoutMs }) => ({
    concurrency: endpointConcurrency,
    ratePerSecond: 0,
    timeoutMs: requestTimeoutMs,
    backlog: "oldest",
  }),
  check: ({ timeoutMs }, { path, defaults }) => {
    if (timeoutMs === undefined || timeoutMs <= defaults.maxRequestTimeoutMs) return;
    throw invalid(
      [...path, "timeoutMs"],
      `This server lets an attempt take ${defaults.maxRequestTimeoutMs} ms at most (POSTHORN_MAX_REQUEST_TIMEOUT).`,
    );
  },
  merge: (below, given, level) => ({
    concurrency: tighter(level, below.concurrency, given.concurrency),
    ratePerSecond: tightestRate(below.ratePerSecond, given.ratePerSecond),
    timeoutMs: given.timeoutMs ?? below.timeoutMs,
    backlog: given.backlog ?? below.backlog,
  }),
});

function tighter(level: PolicyLevel, below: number, given: number | undefined): number {
  if (given === undefined) return below;
  return level === "application" ? given : Math.min(below, given);
}

/** The lowest of rates of which 0 and nothing are no bound. */
export function tightestRate(...rates: readonly (number | null | undefined)[]): number {
  const bounds = rates.filter((rate): rate is number => typeof rate === "number" && rate > 0);
  return bounds.length === 0 ? 0 : Math.min(...bounds);
}
