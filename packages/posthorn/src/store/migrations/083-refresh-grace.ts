/** What a refresh replaced, so that it can be repeated, and the scopes of access tokens, which may be narrower than those of the connection. */
export const refreshGrace = `
ALTER TABLE connected_client ADD COLUMN refresh_seed BLOB;
ALTER TABLE connected_client ADD COLUMN refreshed_at INTEGER;
ALTER TABLE connected_client ADD COLUMN previous_refresh_hash BLOB;
ALTER TABLE connected_client ADD COLUMN access_scope TEXT;
ALTER TABLE connected_client ADD COLUMN access_used_at INTEGER;
ALTER TABLE connected_client ADD COLUMN previous_access_hash BLOB;
ALTER TABLE connected_client ADD COLUMN previous_access_scope TEXT;
ALTER TABLE connected_client ADD COLUMN previous_access_expires_at INTEGER;
CREATE UNIQUE INDEX connected_client_by_previous_access ON connected_client (previous_access_hash)
  WHERE previous_access_hash IS NOT NULL;
`;
