/**
 * Kinds of sources beyond webhooks: what is read, how far, and whether that works. `source.config_sealed` holds the configuration of the kind.
 * `version` grows with each writer of a cursor, so that a node that has lost the source cannot write.
 */
export const sourceRunners = `
ALTER TABLE source ADD COLUMN kind TEXT NOT NULL DEFAULT 'webhook';

CREATE TABLE source_run (
  source_id INTEGER PRIMARY KEY,
  version INTEGER NOT NULL,
  cursor_json TEXT,
  state TEXT NOT NULL,
  failures INTEGER NOT NULL,
  error_code TEXT,
  error_text TEXT,
  error_hint TEXT,
  failing_since INTEGER,
  last_success_at INTEGER,
  last_failure_at INTEGER,
  last_event_at INTEGER,
  events INTEGER NOT NULL,
  next_at INTEGER
) STRICT;
`;
