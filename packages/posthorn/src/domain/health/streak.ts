/** Failure streak of an endpoint, and how close it is to being disabled. */
import type { AutoDisableValues } from "../policy/auto-disable.ts";

/** Times are Unix milliseconds. */
export interface Streak {
  /** When the first attempt failed. */
  readonly since: number;
  /** Failed attempts since then, without a success. */
  readonly failures: number;
  readonly lastAt: number;
  /** Highest percentage that was warned about. */
  readonly warned: number;
}

/** Percentages at which a warning is sent. */
export const WARNINGS = [50, 70, 90] as const;

export function withFailure(streak: Streak | undefined, at: number): Streak {
  if (streak === undefined) return { since: at, failures: 1, lastAt: at, warned: 0 };
  return { ...streak, failures: streak.failures + 1, lastAt: at };
}

/** Progress towards being disabled, 0 to 100: the lower of the share of the time and the share of the failures. */
export function disablePercent(streak: Streak, policy: AutoDisableValues, now: number): number {
  if (!policy.enabled) return 0;
  const time = (now - streak.since) / (policy.afterSeconds * 1000);
  const part = Math.min(time, streak.failures / policy.minFailures, 1);
  return Math.max(0, Math.floor(part * 100));
}

/** The highest warning that is due and was not sent yet. @param warned Highest percentage for which a warning was sent. */
export function warningDue(warned: number, percent: number): number | null {
  const due = WARNINGS.findLast((warning) => percent >= warning);
  return due !== undefined && due > warned ? due : null;
}

/** When the endpoint is disabled unless an attempt succeeds. */
export function disabledAt(streak: Streak, policy: AutoDisableValues): number | null {
  return policy.enabled ? streak.since + policy.afterSeconds * 1000 : null;
}

/** Attempts in a period of time. */
export interface FailureRate {
  readonly attempts: number;
  readonly failures: number;
}

/**
 * Progress towards being disabled by failure rate, 0 to 100: the lower of the share of the rate and the share of the attempts.
 */
export function percentOfRate({ attempts, failures }: FailureRate, policy: AutoDisableValues): number {
  if (!policy.enabled || policy.failurePercent === 0 || attempts === 0) return 0;
  const rate = (failures * 100) / (attempts * policy.failurePercent);
  return Math.floor(Math.min(rate, attempts / policy.windowAttempts, 1) * 100);
}
