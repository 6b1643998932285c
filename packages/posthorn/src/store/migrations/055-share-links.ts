/** Links that show a message or an attempt to people without an account. Only the hash of a token is stored. */
import { type Migration, toPostgres } from "./portable.ts";

const sqlite = `
CREATE TABLE share_link (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  org_id INTEGER NOT NULL,
  app_id INTEGER NOT NULL,
  message_id INTEGER NOT NULL,
  attempt_id INTEGER,
  token_hash BLOB NOT NULL,
  redaction_json TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER,
  views INTEGER NOT NULL,
  last_viewed_at INTEGER
) STRICT;
CREATE UNIQUE INDEX share_link_token ON share_link (token_hash);
CREATE INDEX share_link_of_organisation ON share_link (org_id, id);
CREATE INDEX share_link_of_message ON share_link (message_id, id);
CREATE INDEX share_link_end ON share_link (expires_at);
`;

export const shareLinks: Migration = { sqlite, postgres: toPostgres(sqlite) };
