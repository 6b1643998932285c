/** Failures of an endpoint in a row, and how far they have brought it on the way to being switched off. */
import type { AutoDisableValues } from "../policy/auto-disable.ts";

/** Times are Unix milliseconds. */
export interface Streak {
  /** When the first attempt failed. */
  readonly since: number;
  /** Attempts that failed since, without one that succeeded. */
  readonly failures: number;
  readonly lastAt: number;
  /** Percent of the way that was warned of. */
  readonly warned: number;
}

/** Percent of the way at which somebody is warned. */
export const WARNINGS = [50, 70, 90] as const;

export function withFailure(streak: Streak | undefined, at: number): Streak {
  if (streak === undefined) return { since: at, failures: 1, lastAt: at, warned: 0 };
  return { ...streak, failures: streak.failures + 1, lastAt: at };
}

/** 0 to 100: how much of the time and of the failures there is, whichever is less. */
export function percentOfWay(streak: Streak, policy: AutoDisableValues, now: number): number {
  if (!policy.enabled) return 0;
  const time = (now - streak.since) / (policy.afterSeconds * 1000);
  const part = Math.min(time, streak.failures / policy.minFailures, 1);
  return Math.max(0, Math.floor(part * 100));
}

/** The warning that is due and was not given yet; of several the last. @param warned Percent that was warned of. */
export function warningDue(warned: number, percent: number): number | null {
  const due = WARNINGS.findLast((warning) => percent >= warning);
  return due !== undefined && due > warned ? due : null;
}

/** When it is switched off if it goes on failing. */
export function disabledAt(streak: Streak, policy: AutoDisableValues): number | null {
  return policy.enabled ? streak.since + policy.afterSeconds * 1000 : null;
}

/** Attempts of a stretch of time. */
export interface FailureRate {
  readonly attempts: number;
  readonly failures: number;
}

/**
 * 0 to 100: how far the failures have brought it, whatever succeeded in between. How much of the rate and of the attempts there is,
 * whichever is less.
 */
export function percentOfRate({ attempts, failures }: FailureRate, policy: AutoDisableValues): number {
  if (!policy.enabled || policy.failurePercent === 0 || attempts === 0) return 0;
  const rate = (failures * 100) / (attempts * policy.failurePercent);
  return Math.floor(Math.min(rate, attempts / policy.windowAttempts, 1) * 100);
}
