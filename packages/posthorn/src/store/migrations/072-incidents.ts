/** Failed attempts grouped by organisation, host and cause, with the endpoints that they affect. */
export const incidents = `
CREATE TABLE incident (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  org_id INTEGER NOT NULL,
  host TEXT NOT NULL,
  cause TEXT NOT NULL,
  state TEXT NOT NULL,
  muted_until INTEGER,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  first_attempt INTEGER NOT NULL,
  last_attempt INTEGER NOT NULL,
  first_message INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  events INTEGER NOT NULL,
  endpoints INTEGER NOT NULL,
  applications INTEGER NOT NULL,
  changed_by TEXT,
  changed_at INTEGER,
  resolved_at INTEGER
) STRICT;
CREATE UNIQUE INDEX incident_open ON incident (org_id, host, cause) WHERE resolved_at IS NULL;
CREATE INDEX incident_of_organisation ON incident (org_id, id);
CREATE INDEX incident_resolved ON incident (resolved_at) WHERE resolved_at IS NOT NULL;

CREATE TABLE incident_endpoint (
  incident_id INTEGER NOT NULL,
  endpoint_id INTEGER NOT NULL,
  app_id INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  events INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (incident_id, endpoint_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE incident_slot (
  incident_id INTEGER NOT NULL,
  slot INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  PRIMARY KEY (incident_id, slot)
) STRICT, WITHOUT ROWID;

CREATE TABLE incident_note (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  incident_id INTEGER NOT NULL,
  author TEXT NOT NULL,
  text TEXT NOT NULL
) STRICT;
CREATE INDEX incident_note_of_incident ON incident_note (incident_id, id);
`;
