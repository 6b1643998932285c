/**
 * When table sources (see `store/postgres/table-source`) could not publish, and why; at most a row a minute of each. What a source is
 * stands in the comment of its function.
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
