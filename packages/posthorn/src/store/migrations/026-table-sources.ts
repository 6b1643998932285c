/**
 * Failed publishes of table sources (see `store/postgres/table-source`) with time and reason, at most one row per source and minute. The
 * definition of a source is stored in the comment of its function.
 */
import type { Migration } from "./portable.ts";

export const tableSources: Migration = {
  sqlite: "",
  postgres: `
CREATE TABLE table_source_missed (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source text COLLATE "C" NOT NULL,
  at bigint NOT NULL,
  missed bigint NOT NULL,
  reason text COLLATE "C" NOT NULL
);
CREATE INDEX table_source_missed_of ON table_source_missed (source, at);
`,
};
