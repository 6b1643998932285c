/**
 * Initial schema.
 *
 * `delivery` has one narrow row per message and endpoint, clustered by message so that inserts append. Pending work is found through the
 * partial index `delivery_due`, which contains only rows with a due time, so it does not grow with history.
 *
 * In PostgreSQL, messages and attempts are partitioned by day, which is a range of keys, since a key begins with its time. A unique index
 * cannot span partitions, so used event IDs are stored in a separate table there.
 */
import { type Migration, toPostgres } from "./portable.ts";

const resources = `
CREATE TABLE organisation (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE application (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  org_id INTEGER NOT NULL,
  uid TEXT,
  name TEXT NOT NULL,
  throttle_rate INTEGER,
  metadata_json TEXT NOT NULL,
  egress_allow TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER
) STRICT;
CREATE INDEX application_live ON application (org_id, id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX application_uid ON application (org_id, uid) WHERE uid IS NOT NULL AND deleted_at IS NULL;

CREATE TABLE event_type (
  id INTEGER PRIMARY KEY,
  org_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  archived INTEGER NOT NULL,
  deprecated INTEGER NOT NULL,
  schemas_json TEXT,
  feature_flags_json TEXT,
  group_name TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX event_type_name ON event_type (org_id, name);

CREATE TABLE endpoint (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  app_id INTEGER NOT NULL,
  uid TEXT,
  url TEXT NOT NULL,
  description TEXT NOT NULL,
  version INTEGER NOT NULL,
  throttle_rate INTEGER,
  disabled INTEGER NOT NULL,
  event_types_json TEXT,
  channels_json TEXT,
  metadata_json TEXT NOT NULL,
  headers_sealed BLOB,
  egress_sealed BLOB,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER
) STRICT;
CREATE INDEX endpoint_live ON endpoint (app_id, id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX endpoint_uid ON endpoint (app_id, uid) WHERE uid IS NOT NULL AND deleted_at IS NULL;

CREATE TABLE endpoint_secret (
  id INTEGER PRIMARY KEY,
  endpoint_id INTEGER NOT NULL,
  secret_sealed BLOB NOT NULL,
  expires_at INTEGER
) STRICT;
CREATE INDEX endpoint_secret_of ON endpoint_secret (endpoint_id, id);`;

const message = `
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  app_id INTEGER NOT NULL,
  event_type TEXT NOT NULL,
  event_id TEXT,
  channels_json TEXT,
  tags_json TEXT,
  payload BLOB,
  content_type TEXT NOT NULL,
  expires_at INTEGER,
  deliver_at INTEGER`;

const attempt = `
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  message_id INTEGER NOT NULL,
  endpoint_id INTEGER NOT NULL,
  url TEXT NOT NULL,
  status INTEGER NOT NULL,
  trigger_type INTEGER NOT NULL,
  response_code INTEGER NOT NULL,
  response TEXT NOT NULL,
  duration_ms INTEGER NOT NULL,
  error_code TEXT`;

const delivery = `
CREATE TABLE delivery (
  message_id INTEGER NOT NULL,
  endpoint_id INTEGER NOT NULL,
  state INTEGER NOT NULL,
  due INTEGER,
  attempts INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  manual INTEGER NOT NULL,
  resume_due INTEGER,
  PRIMARY KEY (message_id, endpoint_id),
  -- A pending delivery without a due time would never be found again.
  CHECK (state <> 0 OR due IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_due ON delivery (endpoint_id, due) WHERE due IS NOT NULL;
CREATE INDEX delivery_of_endpoint ON delivery (endpoint_id, message_id);`;

const others = `
CREATE TABLE idempotency (
  bucket INTEGER NOT NULL,
  hash TEXT NOT NULL,
  message_id INTEGER,
  status INTEGER,
  body_sealed BLOB,
  PRIMARY KEY (bucket, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE api_key (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  org_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  hash BLOB NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  expires_at INTEGER
) STRICT;
CREATE INDEX api_key_of_organisation ON api_key (org_id, id);

CREATE TABLE revoked_token (
  hash BLOB PRIMARY KEY,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE task (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  org_id INTEGER NOT NULL,
  app_id INTEGER NOT NULL,
  endpoint_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  status TEXT NOT NULL,
  data_json TEXT NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX task_of_organisation ON task (org_id, id);
CREATE INDEX task_running ON task (id) WHERE status = 'running';
`;

const messageIndexes = `
CREATE INDEX message_of_application ON message (app_id, id);
CREATE INDEX message_expiry ON message (expires_at) WHERE expires_at IS NOT NULL;`;

const attemptIndexes = `
CREATE INDEX attempt_of_endpoint ON attempt (endpoint_id, id, status);
CREATE INDEX attempt_of_message ON attempt (message_id);`;

const sqlite = `${resources}
CREATE TABLE message (${message}
) STRICT;
${messageIndexes}
CREATE UNIQUE INDEX message_event_id ON message (app_id, event_id) WHERE event_id IS NOT NULL;
${delivery}
CREATE TABLE attempt (${attempt}
) STRICT;
${attemptIndexes}
${others}`;

const postgres = `
-- Built into SQLite, so that text searches are written once for both databases.
CREATE FUNCTION instr(text, text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT strpos($1, $2)';
${toPostgres(resources)}
ALTER TABLE organisation ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY;
CREATE TABLE message (${toPostgres(message)}
) PARTITION BY RANGE (id);
${messageIndexes}
CREATE INDEX message_event_id ON message (app_id, event_id) WHERE event_id IS NOT NULL;
CREATE TABLE event_id_taken (
  app_id bigint NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  message_id bigint NOT NULL,
  PRIMARY KEY (app_id, event_id)
);
CREATE INDEX event_id_taken_by ON event_id_taken (message_id);
CREATE FUNCTION free_event_ids() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  DELETE FROM event_id_taken WHERE message_id IN (SELECT id FROM gone WHERE event_id IS NOT NULL);
  RETURN NULL;
END $$;
CREATE TRIGGER message_gone AFTER DELETE ON message REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION free_event_ids();
${toPostgres(delivery)}
-- Rows are updated in place, and few are live compared with the history, so dead rows are vacuumed early.
ALTER TABLE delivery SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 10000);
CREATE TABLE attempt (${toPostgres(attempt)}
) PARTITION BY RANGE (id);
${attemptIndexes}
${toPostgres(others)}`;

export const initial: Migration = { sqlite, postgres };
