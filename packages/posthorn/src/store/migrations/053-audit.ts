/**
 * The audit log: one row per change or view, in a hash chain for each organisation. The head of a chain is signed, and names the last entry
 * that retention deleted.
 */
import { type Migration, toPostgres } from "./portable.ts";

const sqlite = `
CREATE TABLE audit_entry (
  org_id INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  type TEXT NOT NULL,
  action TEXT NOT NULL,
  actor_kind TEXT NOT NULL,
  actor_id TEXT,
  actor_name TEXT,
  target_kind TEXT,
  target_id TEXT,
  target_name TEXT,
  app_id INTEGER,
  app_public_id TEXT,
  detail_json TEXT NOT NULL,
  ip TEXT,
  user_agent TEXT,
  prev_hash BLOB NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (org_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_entry_at ON audit_entry (org_id, at);
CREATE INDEX audit_entry_action ON audit_entry (org_id, action, seq);
CREATE INDEX audit_entry_actor ON audit_entry (org_id, actor_id, seq) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_entry_target ON audit_entry (org_id, target_id, seq) WHERE target_id IS NOT NULL;
CREATE INDEX audit_entry_application ON audit_entry (org_id, app_id, seq) WHERE app_id IS NOT NULL;

CREATE TABLE audit_head (
  org_id INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL,
  hash BLOB NOT NULL,
  at INTEGER NOT NULL,
  pruned_seq INTEGER NOT NULL,
  pruned_hash BLOB NOT NULL,
  key_id TEXT NOT NULL,
  signature BLOB NOT NULL
) STRICT;
`;

export const audit: Migration = { sqlite, postgres: toPostgres(sqlite) };
