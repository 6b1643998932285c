/** Limits of API keys, and when they were last used. Earlier keys have no limits. */
export const keyScopes = `
ALTER TABLE api_key ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE api_key ADD COLUMN scopes_json TEXT;
ALTER TABLE api_key ADD COLUMN applications_json TEXT;
ALTER TABLE api_key ADD COLUMN networks_json TEXT;
ALTER TABLE api_key ADD COLUMN owner_id TEXT;
ALTER TABLE api_key ADD COLUMN last_used_at INTEGER;
`;
