/** When a failed attempt is tried again. */
import type { Backoff, RetryPolicy, StatusRange } from "./policy.ts";

export interface FailedAttempt {
  /** Scheduled attempts made so far, at least 1. */
  readonly attempts: number;
  /** 0 when there was no answer. */
  readonly responseCode: number;
  /** How long the endpoint asks to be left alone; `null`: it does not ask. */
  readonly retryAfterMs: number | null;
  /** Milliseconds since the first attempt was due. */
  readonly ageMs: number;
}

/**
 * Milliseconds to wait after a failed attempt, or `null` when it was the last.
 *
 * @param random A number from 0 to below 1.
 */
export function retryDelay(policy: RetryPolicy, failed: FailedAttempt, random: number): number | null {
  const { responseCode, retryAfterMs, ageMs, attempts } = failed;
  if (isIn(policy.stopCodes, responseCode)) return null;
  if (policy.retryCodes !== null && responseCode !== 0 && !isIn(policy.retryCodes, responseCode)) return null;
  const delay = backoffDelay(policy.backoff, attempts, random);
  if (delay === null) return null;
  const wait = Math.max(delay, retryAfterMs ?? 0);
  return policy.maxAgeMs !== null && ageMs + wait > policy.maxAgeMs ? null : wait;
}

function backoffDelay(backoff: Backoff, attempts: number, random: number): number | null {
  if (backoff.kind === "schedule") {
    const delay = backoff.delaysMs[attempts - 1];
    // Chance is only added, never taken off: nobody is retried earlier than the schedule says.
    return delay === undefined ? null : Math.round(delay * (1 + backoff.jitter * random));
  }
  if (attempts >= backoff.attempts) return null;
  return Math.round(random * Math.min(backoff.maxMs, backoff.firstMs * backoff.factor ** (attempts - 1)));
}

function isIn(ranges: readonly StatusRange[], code: number): boolean {
  return ranges.some(([from, to]) => code >= from && code <= to);
}
