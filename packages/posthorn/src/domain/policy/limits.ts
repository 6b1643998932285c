/** Concurrency, rate and timeout of attempts. */
import { invalid } from "../../lib/errors.ts";
import { defineSection, type PolicyLevel } from "./section.ts";

export interface LimitsValues {
  /** Maximum number of attempts in flight. */
  readonly concurrency: number;
  /** Attempts per second; 0: unlimited. */
  readonly ratePerSecond: number;
  /** Milliseconds from the DNS lookup to the last byte of the response. */
  readonly timeoutMs: number;
  /** Which queued deliveries are sent first. Has no effect on ordered delivery. */
  readonly backlog: "oldest" | "newest";
}

/**
 * The organisation may set an application above or below the values of the platform. An endpoint can only be stricter than its application,
 * so a person who manages endpoints cannot raise the limits of the platform. The timeout has a separate maximum.
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
      `The maximum timeout on this server is ${defaults.maxRequestTimeoutMs} ms (POSTHORN_MAX_REQUEST_TIMEOUT).`,
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

/** The lowest of the given rates. 0, `null` and `undefined` mean unlimited. */
export function tightestRate(...rates: readonly (number | null | undefined)[]): number {
  const bounds = rates.filter((rate): rate is number => typeof rate === "number" && rate > 0);
  return bounds.length === 0 ? 0 : Math.min(...bounds);
}
