/** History in a table for each day, where the database has it so. */
import type { Tx } from "./tx.ts";

export type TableOfDays = "message" | "attempt";

/** The keys of a day: from the first one on, and below the last. */
export interface Day {
  readonly from: number;
  readonly end: number;
}

export interface DayStore {
  /** The days that have a table, the oldest first. What was there before the first of them is in one table, and in none of these. */
  days(table: TableOfDays): Promise<readonly Day[]>;
  /** Drops the table of a day, whatever its size, and leaves a small one in its place with the rows that are kept. A part of `tx`. */
  keepOnly(tx: Tx, table: TableOfDays, day: Day, keep: readonly number[]): Promise<void>;
  /** Lets event ids be used anew whose message, after one key and up to another, is not there any more. A part of `tx`. */
  freeEventIds(tx: Tx, after: number, upTo: number): Promise<void>;
}
