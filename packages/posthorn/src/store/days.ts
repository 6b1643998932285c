/** History in one table per day, for databases that partition it. */
import type { Tx } from "./tx.ts";

export type TableOfDays = "message" | "attempt";

/** Key range of a day: `from` is included, `end` is not. */
export interface Day {
  readonly from: number;
  readonly end: number;
}

export interface DayStore {
  /** Days that have a separate table, oldest first. Rows older than the first day share one table that is not listed. */
  days(table: TableOfDays): Promise<readonly Day[]>;
  /** Replaces the table of a day with a small one that has only the rows in `keep`. The cost does not depend on its size. Runs in `tx`. */
  keepOnly(tx: Tx, table: TableOfDays, day: Day, keep: readonly number[]): Promise<void>;
  /** Frees the event IDs of deleted messages with keys above `after`, up to and including `upTo`. Runs in `tx`. */
  freeEventIds(tx: Tx, after: number, upTo: number): Promise<void>;
}
