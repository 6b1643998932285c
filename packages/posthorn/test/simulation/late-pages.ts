/**
 * Pages that are outdated when they arrive, because of commits made after they were read: PostgreSQL reads them concurrently, while SQLite
 * does one thing at a time.
 */
import type { JobStore } from "../../src/dispatch/types.ts";
import type { SimulatedDatabase } from "./database.ts";
import type { Random } from "./random.ts";
import type { Life, VirtualTime } from "./virtual-time.ts";

/** Maximum delay of a late page, in milliseconds. */
const LATE_MS = 3000;

export interface LatePagesWorld {
  readonly time: VirtualTime;
  readonly database: SimulatedDatabase;
  readonly pagesRandom: Random;
}

export function withLatePages(store: JobStore, { time, database, pagesRandom }: LatePagesWorld, life: Life): JobStore {
  const arrive = async <T>(result: T): Promise<T> => {
    if (pagesRandom.chance(database.conditions.late)) await time.delay(life, pagesRandom.span(1, LATE_MS));
    return result;
  };
  return {
    due: async (...input) => arrive(await store.due(...input)),
    backlog: async () => arrive(await store.backlog()),
    record: (outcome) => store.record(outcome),
    recordAll: (outcomes) => store.recordAll(outcomes),
    batches: store.batches,
  };
}
