import type { Migration } from "./portable.ts";

/**
 * Whether the commit journal exists as a file, from its creation to a clean stop, so that a start without it can report what may be lost: see
 * `store/sqlite/journal`.
 */
export const journalFile: Migration = {
  sqlite: "ALTER TABLE commit_journal ADD COLUMN has_file INTEGER NOT NULL DEFAULT 0;",
  postgres: "",
};
