/** Waits for an effect of another process, without a sleep of a guessed length. */
import { setTimeout as delay } from "node:timers/promises";

export interface EventuallyOptions {
  /** A limit for broken runs, not a measurement: generous, so that a slow machine does not fail a correct test. */
  readonly timeoutMs?: number;
  readonly intervalMs?: number;
}

/** Calls `check` until it does not throw, and returns its result. Throws the last error after the time limit. */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { timeoutMs = 60_000, intervalMs = 20 }: EventuallyOptions = {},
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() >= deadline) throw error;
    }
    await delay(intervalMs);
  }
}
