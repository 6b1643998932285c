/** When a failed attempt is tried again. */

/** Part of a delay that chance may add. Only added, never taken off: nobody is retried earlier than the schedule says. */
const JITTER = 0.2;

/**
 * Milliseconds to wait after a failed attempt, or `null` when the schedule is used up.
 *
 * @param schedule Delays in milliseconds; the first follows the first attempt.
 * @param attempts Attempts made so far, at least 1.
 * @param random A number from 0 to below 1.
 */
export function retryDelay(schedule: readonly number[], attempts: number, random: number): number | null {
  const delay = schedule[attempts - 1];
  return delay === undefined ? null : Math.round(delay * (1 + JITTER * random));
}
