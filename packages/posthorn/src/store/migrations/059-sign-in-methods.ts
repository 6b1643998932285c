/**
 * Identity providers of organisations, the people that they know, and passkeys.
 *
 * `person_identity` identifies a person by issuer and subject, never by email address, which can be reassigned. Sessions that began at a
 * provider name it, so that its logout ends them.
 */
export const signInMethods = `
CREATE TABLE identity_provider (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  org_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  issuer TEXT NOT NULL,
  client_id TEXT NOT NULL,
  client_secret_sealed BLOB,
  scopes TEXT NOT NULL,
  groups_claim TEXT NOT NULL,
  roles_json TEXT NOT NULL,
  default_role TEXT,
  domains_json TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX identity_provider_of_organisation ON identity_provider (org_id, id);

CREATE TABLE person_identity (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  person_id INTEGER NOT NULL,
  provider_id INTEGER NOT NULL,
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  email TEXT,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX person_identity_subject ON person_identity (issuer, subject);
CREATE INDEX person_identity_of_person ON person_identity (person_id, id);

CREATE TABLE passkey (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  person_id INTEGER NOT NULL,
  credential_id TEXT NOT NULL,
  public_key BLOB NOT NULL,
  counter INTEGER NOT NULL,
  transports_json TEXT NOT NULL,
  name TEXT NOT NULL,
  synced INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER
) STRICT;
CREATE UNIQUE INDEX passkey_credential ON passkey (credential_id);
CREATE INDEX passkey_of_person ON passkey (person_id, id);

ALTER TABLE person_session ADD COLUMN provider_id INTEGER;
ALTER TABLE person_session ADD COLUMN provider_subject TEXT;
ALTER TABLE person_session ADD COLUMN provider_session TEXT;
ALTER TABLE person_session ADD COLUMN id_token_sealed BLOB;
CREATE INDEX person_session_of_provider ON person_session (provider_id) WHERE provider_id IS NOT NULL;
`;
