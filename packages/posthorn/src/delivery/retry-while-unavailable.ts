/** Repeats reads while the database is unavailable: deliveries wait for it instead of failing or polling it. */
import type { Clock } from "../dispatch/types.ts";
import { isStoreAway } from "../store/errors.ts";
import type { Store } from "../store/store.ts";

export interface DatabaseWait {
  readonly store: Pick<Store, "whenHere">;
  readonly clock: Pick<Clock, "setTimer">;
  /** Returns a number from 0 to below 1, like `Math.random`. */
  readonly random: () => number;
}

/** First pause after a read that failed although the database is available. It doubles up to the maximum; jitter takes off up to half. */
const PAUSE_MS = 100;
const MAX_PAUSE_MS = 2000;

/** Reads until the database is available. Rejects with any other error of the read, or when the store is closed. */
export function retryWhileUnavailable<T>(wait: DatabaseWait, read: () => T | Promise<T>): T | Promise<T> {
  const found = read();
  return found instanceof Promise ? found.catch((error: unknown) => readAgain(wait, read, error)) : found;
}

async function readAgain<T>(
  { store, clock, random }: DatabaseWait,
  read: () => T | Promise<T>,
  first: unknown,
): Promise<T> {
  let failure = first;
  for (let pauseMs = PAUSE_MS; isStoreAway(failure); pauseMs = Math.min(MAX_PAUSE_MS, 2 * pauseMs)) {
    await new Promise<void>((resolve) => void clock.setTimer(pauseMs * (1 - random() / 2), resolve));
    await store.whenHere();
    try {
      return await read();
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
