/** Tokens with which listeners that cannot send an API key connect to one relay endpoint. They end with the access of their creator. */
export const listenTokens = `
CREATE TABLE listen_token (
  id INTEGER PRIMARY KEY,
  org_id INTEGER NOT NULL,
  app_id INTEGER NOT NULL,
  endpoint_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  hash BLOB NOT NULL,
  token_end TEXT NOT NULL,
  principal TEXT NOT NULL,
  principal_token_hash BLOB,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX listen_token_hash ON listen_token (hash);
CREATE INDEX listen_token_of_application ON listen_token (app_id, id);
ALTER TABLE relay_session ADD COLUMN listen_token_id INTEGER;
`;
