/** Inferred schemas and activity of sources, and backfill settings. */
export const sourceWatch = `
-- Inferred schema of one event type. A changed \`version\` means that another node updated the row meanwhile.
CREATE TABLE catalogue_entry (
  source_id INTEGER NOT NULL,
  event_type TEXT NOT NULL,
  version INTEGER NOT NULL,
  received INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  changed_at INTEGER,
  known_json TEXT,
  recent_json TEXT,
  changes_json TEXT NOT NULL,
  PRIMARY KEY (source_id, event_type)
) STRICT;

CREATE TABLE source_rhythm (
  source_id INTEGER PRIMARY KEY,
  rule_json TEXT NOT NULL,
  rhythm_json TEXT,
  last_at INTEGER,
  -- Time at which the rule was set; earlier inactivity does not count.
  counted_from INTEGER NOT NULL,
  silent_at INTEGER,
  silent_since INTEGER
) STRICT;
CREATE INDEX source_rhythm_due ON source_rhythm (silent_at) WHERE silent_at IS NOT NULL AND silent_since IS NULL;

-- One row: the time since which nodes have received without interruption, and the last report of that.
CREATE TABLE source_watch (
  id INTEGER PRIMARY KEY,
  listened_from INTEGER NOT NULL,
  seen_at INTEGER NOT NULL
) STRICT;

CREATE TABLE source_reconcile (
  source_id INTEGER PRIMARY KEY,
  provider TEXT NOT NULL,
  settings_json TEXT NOT NULL,
  token_sealed BLOB NOT NULL,
  every_ms INTEGER,
  next_at INTEGER,
  reconciled_until INTEGER,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX source_reconcile_due ON source_reconcile (next_at) WHERE next_at IS NOT NULL;
`;
