/** Keys with which customers give programs access to their application. Unlike portal tokens they are listed, and revoked one by one. */
export const portalKeys = `
CREATE TABLE portal_key (
  id INTEGER PRIMARY KEY,
  org_id INTEGER NOT NULL,
  app_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  hash BLOB NOT NULL,
  token_end TEXT NOT NULL,
  capabilities_json TEXT NOT NULL,
  session_id TEXT,
  created_at INTEGER NOT NULL,
  expires_at INTEGER
) STRICT;
CREATE UNIQUE INDEX portal_key_hash ON portal_key (hash);
CREATE INDEX portal_key_of_application ON portal_key (app_id, id);
`;
