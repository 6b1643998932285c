/**
 * People who sign in, their roles, and their sessions.
 *
 * `person_session.hash` is the hash of the value of a cookie, or of the token of a command line. A session without a person belongs to the
 * developer who followed the link of `npm start`. `person_token` has links and codes that work once. `sign_in_failure` counts failed
 * attempts, on all nodes together.
 */
export const people = `
CREATE TABLE person (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  email TEXT NOT NULL,
  name TEXT NOT NULL,
  password_hash TEXT,
  password_changed_at INTEGER,
  totp_sealed BLOB,
  totp_pending_sealed BLOB,
  totp_step INTEGER,
  recovery_codes_json TEXT,
  locale TEXT,
  disabled_at INTEGER,
  created_at INTEGER NOT NULL,
  last_sign_in_at INTEGER
) STRICT;
CREATE UNIQUE INDEX person_email ON person (email);

CREATE TABLE membership (
  id INTEGER PRIMARY KEY,
  person_id INTEGER NOT NULL,
  org_id INTEGER NOT NULL,
  app_id INTEGER,
  role TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX membership_of_organisation ON membership (org_id, person_id) WHERE app_id IS NULL;
CREATE UNIQUE INDEX membership_of_application ON membership (app_id, person_id) WHERE app_id IS NOT NULL;
CREATE INDEX membership_of_person ON membership (person_id, org_id);

CREATE TABLE person_session (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  hash BLOB NOT NULL,
  person_id INTEGER,
  org_id INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  second_factor_at INTEGER,
  ip TEXT NOT NULL,
  user_agent TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX person_session_hash ON person_session (hash);
CREATE INDEX person_session_of_person ON person_session (person_id, id);
CREATE INDEX person_session_expiry ON person_session (expires_at);

CREATE TABLE person_token (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  hash BLOB NOT NULL,
  person_id INTEGER,
  org_id INTEGER NOT NULL,
  app_id INTEGER,
  role TEXT,
  email TEXT,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX person_token_hash ON person_token (hash);
CREATE INDEX person_token_of_organisation ON person_token (org_id, kind, id);
CREATE INDEX person_token_of_person ON person_token (person_id) WHERE person_id IS NOT NULL;
CREATE INDEX person_token_expiry ON person_token (expires_at);

CREATE TABLE device_request (
  id INTEGER PRIMARY KEY,
  hash BLOB NOT NULL,
  user_code_hash BLOB NOT NULL,
  client TEXT NOT NULL,
  ip TEXT NOT NULL,
  state TEXT NOT NULL,
  person_id INTEGER,
  org_id INTEGER,
  second_factor_at INTEGER,
  polled_at INTEGER NOT NULL,
  interval_seconds INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX device_request_hash ON device_request (hash);
CREATE UNIQUE INDEX device_request_user_code ON device_request (user_code_hash);
CREATE INDEX device_request_expiry ON device_request (expires_at);

CREATE TABLE sign_in_failure (
  subject TEXT PRIMARY KEY,
  failures INTEGER NOT NULL,
  blocked_until INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_failure_expiry ON sign_in_failure (expires_at);
`;
