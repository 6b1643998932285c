/** What deliveries do while the database is away: they wait for it, and nobody asks it again and again meanwhile. */
import type { Clock } from "../dispatch/types.ts";
import { isStoreAway } from "../store/errors.ts";
import type { Store } from "../store/store.ts";

export interface Patience {
  readonly store: Pick<Store, "whenHere">;
  readonly clock: Pick<Clock, "setTimer">;
  /** A number from 0 to below 1, as `Math.random`. */
  readonly random: () => number;
}

/** From a look that failed although the database was there to the next, at first and at most; chance takes up to half of it. */
const PAUSE_MS = 100;
const MAX_PAUSE_MS = 2000;

/** Looks until the database answers. Rejects with what it answers, or when the store is closed. */
export function patiently<T>(patience: Patience, look: () => T | Promise<T>): T | Promise<T> {
  const found = look();
  return found instanceof Promise ? found.catch((error: unknown) => lookAgain(patience, look, error)) : found;
}

async function lookAgain<T>(
  { store, clock, random }: Patience,
  look: () => T | Promise<T>,
  first: unknown,
): Promise<T> {
  let failure = first;
  for (let pauseMs = PAUSE_MS; isStoreAway(failure); pauseMs = Math.min(MAX_PAUSE_MS, 2 * pauseMs)) {
    await new Promise<void>((resolve) => void clock.setTimer(pauseMs * (1 - random() / 2), resolve));
    await store.whenHere();
    try {
      return await look();
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
