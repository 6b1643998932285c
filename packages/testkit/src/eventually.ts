/** Waits for an effect of another process instead of sleeping for a guessed time. */
import { setTimeout as delay } from "node:timers/promises";

export interface EventuallyOptions {
  /** A limit for broken runs, generous so that correct tests do not fail on a slow machine. */
  readonly timeoutMs?: number;
  readonly intervalMs?: number;
  /**
   * A number that grows while the work continues, such as the count of received messages. The time limit restarts whenever it grows, so
   * that a slow machine can take as long as it needs.
   */
  readonly progress?: () => number | Promise<number>;
}

/** Calls `check` until it does not throw, and returns its result. Throws the last error after the time limit. */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { timeoutMs = 60_000, intervalMs = 20, progress }: EventuallyOptions = {},
): Promise<T> {
  let deadline = Date.now() + timeoutMs;
  let most = Number.NEGATIVE_INFINITY;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      const now = (await progress?.()) ?? most;
      if (now > most) {
        most = now;
        deadline = Date.now() + timeoutMs;
      }
      if (Date.now() >= deadline) throw error;
    }
    await delay(intervalMs);
  }
}
