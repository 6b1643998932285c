/** What deliveries do while the database is away: they wait for it, and nobody asks it again and again meanwhile. */
import { setTimeout as delay } from "node:timers/promises";
import { isStoreAway } from "../store/errors.ts";
import type { Store } from "../store/store.ts";

/** From a look that failed although the database was there to the next, at first and at most; chance takes up to half of it. */
const PAUSE_MS = 100;
const MAX_PAUSE_MS = 2000;

/** Looks until the database answers. Rejects with what it answers, or when the store is closed. */
export function patiently<T>(store: Pick<Store, "whenHere">, look: () => T | Promise<T>): T | Promise<T> {
  const found = look();
  return found instanceof Promise ? found.catch((error: unknown) => lookAgain(store, look, error)) : found;
}

async function lookAgain<T>(store: Pick<Store, "whenHere">, look: () => T | Promise<T>, first: unknown): Promise<T> {
  let failure = first;
  for (let pauseMs = PAUSE_MS; isStoreAway(failure); pauseMs = Math.min(MAX_PAUSE_MS, 2 * pauseMs)) {
    await delay(pauseMs * (1 - Math.random() / 2));
    await store.whenHere();
    try {
      return await look();
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
