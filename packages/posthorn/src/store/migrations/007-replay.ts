/**
 * Tasks that select deliveries by filter and can be paused and canceled, with their progress per endpoint; endpoints that are the target
 * of one replay; progress of retention sweeps; storage per day; early invalidation of an application's tokens.
 */
import { type Migration, toPostgres } from "./portable.ts";

const newTask = `
CREATE TABLE task_new (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  org_id INTEGER NOT NULL,
  app_id INTEGER,
  kind TEXT NOT NULL,
  status TEXT NOT NULL,
  params_json TEXT NOT NULL,
  data_json TEXT NOT NULL,
  asked_by TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT;

CREATE TABLE task_part (
  task_id INTEGER NOT NULL,
  endpoint_id INTEGER NOT NULL,
  cursor INTEGER NOT NULL,
  done INTEGER NOT NULL DEFAULT 0,
  scanned INTEGER NOT NULL DEFAULT 0,
  matched INTEGER NOT NULL DEFAULT 0,
  sent INTEGER NOT NULL DEFAULT 0,
  payload_gone INTEGER NOT NULL DEFAULT 0,
  already_due INTEGER NOT NULL DEFAULT 0,
  endpoint_gone INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (task_id, endpoint_id)
) STRICT, WITHOUT ROWID;`;

/** Moves tasks of earlier versions. SQLite only: no PostgreSQL database is old enough to have such tasks. */
const move = `
INSERT INTO task_part (task_id, endpoint_id, cursor, done, sent)
SELECT id, endpoint_id, json_extract(data_json, '$.cursor'), status <> 'running', json_extract(data_json, '$.messagesSent') FROM task;
INSERT INTO task_new
SELECT id, public_id, org_id, app_id, kind, status,
       json_object('from', json_extract(data_json, '$.from'), 'to', json_extract(data_json, '$.to')),
       json_object('messagesSent', json_extract(data_json, '$.messagesSent')), '',
       updated_at, CASE WHEN status = 'running' THEN NULL ELSE updated_at END
FROM task;`;

const rest = `
DROP TABLE task;
ALTER TABLE task_new RENAME TO task;
CREATE INDEX task_of_organisation ON task (org_id, id);
CREATE INDEX task_of_application ON task (app_id, id) WHERE app_id IS NOT NULL;
CREATE INDEX task_open ON task (app_id) WHERE ended_at IS NULL;

ALTER TABLE endpoint ADD COLUMN replay_task_id INTEGER;
CREATE INDEX endpoint_of_replay ON endpoint (replay_task_id) WHERE replay_task_id IS NOT NULL AND deleted_at IS NULL;

CREATE TABLE sweep (
  name TEXT PRIMARY KEY,
  cursor INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE storage_day (
  day INTEGER NOT NULL,
  kind TEXT NOT NULL,
  stored INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (day, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE token_end (
  app_id INTEGER NOT NULL,
  session_id TEXT NOT NULL,
  issued_until INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (app_id, session_id, issued_until)
) STRICT, WITHOUT ROWID;
`;

export const replay: Migration = {
  sqlite: `${newTask}\n${move}\n${rest}`,
  postgres: toPostgres(`${newTask}\n${rest}`),
};
