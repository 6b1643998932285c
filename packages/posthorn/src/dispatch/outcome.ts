/** What an attempt, or the decision not to make one, does to its delivery. */
import type { LanePolicy, OrderPolicy } from "./policy.ts";
import { retryDelay } from "./retry.ts";
import type { AttemptResult, Job, Outcome } from "./types.ts";

export interface OutcomeContext {
  readonly policy: LanePolicy;
  /** Unix milliseconds. */
  readonly now: number;
  /** A number from 0 to below 1. */
  readonly random: () => number;
}

export function outcomeOf(
  job: Job,
  result: Extract<AttemptResult, { kind: "made" | "void" }>,
  { policy, now, random }: OutcomeContext,
): Outcome {
  const { messageId, endpointId, generation, trigger } = job;
  const base = { messageId, endpointId, generation, trigger };
  if (result.kind === "void") {
    const cancel = result.reason === undefined ? null : { reason: result.reason, at: now };
    return { ...base, state: 3, due: null, attempts: job.attempts, attempt: null, cancel };
  }
  const { attempt, retryAfterMs } = result;
  const attempts = trigger === 1 ? job.attempts : job.attempts + 1;
  if (attempt.status === 0) return { ...base, state: 1, due: null, attempts, attempt };
  const { responseCode } = attempt;
  const failed = { attempts, responseCode, retryAfterMs, ageMs: now - (job.firstDue ?? job.due) };
  const last = trigger === 1 || result.final === true;
  const delay = last ? null : retryDelay(policy.retry, failed, random());
  if (delay === null) return { ...base, state: 2, due: null, attempts, attempt };
  const { order } = policy;
  // Set aside: what is behind it goes on, and it waits for somebody to ask for it.
  const isOrdered = typeof job.orderKey === "string" && order !== null;
  if (isOrdered && order.onFailure === "park") return { ...base, state: 2, due: null, attempts, attempt };
  const passAt = isOrdered ? passAtOf(order, now) : null;
  return { ...base, state: 0, due: now + delay, attempts, attempt, passAt };
}

function passAtOf({ onFailure, maxBlockMs }: OrderPolicy, now: number): number | null {
  if (onFailure === "skip") return now;
  return maxBlockMs === null ? null : now + maxBlockMs;
}
