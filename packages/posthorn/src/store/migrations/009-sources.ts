/**
 * Sources of inbound webhooks. A source is also an application of a separate kind with the same key. Its messages, endpoints and
 * deliveries are in the same tables as all others.
 */
export const sources = `
CREATE TABLE source (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  org_id INTEGER NOT NULL,
  uid TEXT,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  settings_json TEXT NOT NULL,
  config_sealed BLOB,
  metadata_json TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER
) STRICT;
CREATE INDEX source_live ON source (org_id, id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX source_uid ON source (org_id, uid) WHERE uid IS NOT NULL AND deleted_at IS NULL;

CREATE TABLE source_secret (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  source_id INTEGER NOT NULL,
  secret_sealed BLOB NOT NULL,
  expires_at INTEGER
) STRICT;
CREATE INDEX source_secret_of ON source_secret (source_id, id);

-- Found by the hash of the token, so that the file does not reveal a URL.
CREATE TABLE source_token (
  hash BLOB PRIMARY KEY,
  source_id INTEGER NOT NULL,
  token_sealed BLOB NOT NULL,
  expires_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX source_token_of ON source_token (source_id);

-- Requests that failed verification. They are not messages, and are not delivered.
CREATE TABLE quarantine (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  source_id INTEGER NOT NULL,
  reason TEXT NOT NULL,
  detail TEXT NOT NULL,
  request_json TEXT NOT NULL,
  content_type TEXT NOT NULL,
  body BLOB,
  body_bytes INTEGER NOT NULL
) STRICT;
CREATE INDEX quarantine_of ON quarantine (source_id, id);

-- Parts of received requests that are forwarded.
ALTER TABLE endpoint ADD COLUMN forward_json TEXT;
`;
