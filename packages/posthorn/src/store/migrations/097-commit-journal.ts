import type { Migration } from "./portable.ts";

/**
 * Number of the last transaction that has applied entries of the commit journal: see `store/sqlite/journal`. Only SQLite has a journal. It has
 * one row (1), or none before the first journal. The number starts at a random value, so that it does not fit the journal of another database.
 */
export const commitJournal: Migration = {
  sqlite: `
CREATE TABLE commit_journal (
  id INTEGER PRIMARY KEY,
  number INTEGER NOT NULL
) STRICT;
`,
  postgres: "",
};
