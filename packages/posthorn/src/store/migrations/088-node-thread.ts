/** Number of the thread of each node, because the threads of a process are nodes. */
import type { Migration } from "./portable.ts";

const postgres = "ALTER TABLE node ADD COLUMN thread bigint;";

export const nodeThread: Migration = { sqlite: "", postgres };
