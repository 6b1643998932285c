import type { Migration } from "./portable.ts";

/**
 * On SQLite, the trigger that destroys exact bodies exists only while there are any, because it makes each update of a delivery slower:
 * see `store/sqlite/exact-bodies.ts`.
 */
export const exactBodyTrigger: Migration = { sqlite: "DROP TRIGGER delivery_ended;", postgres: "" };
