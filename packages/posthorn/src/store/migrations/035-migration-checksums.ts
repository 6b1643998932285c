/**
 * Stores the name and checksum of each migration with its version, so that a database of another build is detected. PostgreSQL has had a
 * table with the names from the beginning.
 */
import type { Migration } from "./portable.ts";

export const migrationChecksums: Migration = {
  sqlite: `
CREATE TABLE schema_version (
  version INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  checksum TEXT NOT NULL
) STRICT;
`,
  postgres: `
ALTER TABLE schema_version ADD COLUMN checksum text COLLATE "C";
`,
};
