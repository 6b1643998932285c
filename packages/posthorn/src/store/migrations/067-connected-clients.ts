/**
 * Clients of the MCP endpoint that people connected with OAuth. A connection is a session of its person, of the kind `client`, and has the
 * key of that session; it is gone when the session is.
 */
export const connectedClients = `
CREATE TABLE oauth_client (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  name TEXT NOT NULL,
  redirect_uris_json TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  approved_at INTEGER
) STRICT;
CREATE INDEX oauth_client_by_use ON oauth_client (approved_at, created_at);

CREATE TABLE connected_client (
  id INTEGER PRIMARY KEY,
  client_id TEXT NOT NULL,
  name TEXT NOT NULL,
  redirect_uri TEXT NOT NULL,
  scope TEXT NOT NULL,
  resource TEXT NOT NULL,
  code_hash BLOB NOT NULL,
  code_challenge TEXT NOT NULL,
  code_expires_at INTEGER NOT NULL,
  connected_at INTEGER,
  refresh_hash BLOB,
  access_hash BLOB,
  access_expires_at INTEGER
) STRICT;
CREATE UNIQUE INDEX connected_client_by_code ON connected_client (code_hash);
CREATE UNIQUE INDEX connected_client_by_access ON connected_client (access_hash) WHERE access_hash IS NOT NULL;
`;
