/**
 * Watches: durable conditions on the messages of an application or source.
 *
 * `watch.revision` counts the commits that moved a watch. Each names the revision that it was made from, so that of two nodes that evaluate
 * a watch at the same time, only one moves it. A row of `watch_event` says which transition a message reports, and how many watches in a
 * row led to it.
 */
export const watches = `
CREATE TABLE watch (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  org_id INTEGER NOT NULL,
  app_id INTEGER NOT NULL,
  target_id INTEGER NOT NULL,
  uid TEXT,
  name TEXT NOT NULL,
  event_types_json TEXT,
  emit_type TEXT NOT NULL,
  rule_json TEXT NOT NULL,
  version INTEGER NOT NULL,
  keyed_since INTEGER NOT NULL,
  paused INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  cursor_key INTEGER NOT NULL,
  cursor_late INTEGER NOT NULL,
  key_count INTEGER NOT NULL,
  samples INTEGER NOT NULL,
  unreadable INTEGER NOT NULL,
  ignored INTEGER NOT NULL,
  overflow_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX watch_uid ON watch (app_id, uid) WHERE uid IS NOT NULL;
CREATE INDEX watch_of_application ON watch (app_id, id);
CREATE INDEX watch_of_organisation ON watch (org_id);

CREATE TABLE watch_key (
  watch_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  phase INTEGER NOT NULL,
  due INTEGER,
  state TEXT NOT NULL,
  PRIMARY KEY (watch_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX watch_key_due ON watch_key (watch_id, due) WHERE due IS NOT NULL;
CREATE INDEX watch_key_phase ON watch_key (watch_id, phase, name);

CREATE TABLE watch_event (
  message_id INTEGER PRIMARY KEY,
  watch_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  number INTEGER NOT NULL,
  at INTEGER NOT NULL,
  depth INTEGER NOT NULL
) STRICT;
CREATE INDEX watch_event_of_watch ON watch_event (watch_id, message_id);
`;
