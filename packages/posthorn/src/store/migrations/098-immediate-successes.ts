/**
 * Attempts that the statistics count without looking at their deliveries and messages: the first attempt of a delivery of a message without a
 * delay, if it succeeded. `NULL`: any other attempt, or one of an earlier version.
 */
import type { Migration } from "./portable.ts";

export const immediateSuccesses: Migration = "ALTER TABLE attempt ADD COLUMN immediate_success INTEGER;";
