/** Expiry of messages, reasons of canceled deliveries, debounce and throttle, broadcasts, and hourly counts. */
export const messages = `
-- Time from which nothing is delivered.
ALTER TABLE message ADD COLUMN deliver_until INTEGER;

-- Messages with such a time that have not been processed yet; emptied by the sweep.
CREATE TABLE message_deadline (
  deliver_until INTEGER NOT NULL,
  message_id INTEGER NOT NULL,
  PRIMARY KEY (deliver_until, message_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE cancellation (
  message_id INTEGER NOT NULL,
  endpoint_id INTEGER NOT NULL,
  reason TEXT NOT NULL,
  by_message_id INTEGER,
  at INTEGER NOT NULL,
  PRIMARY KEY (message_id, endpoint_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE pacing (
  endpoint_id INTEGER NOT NULL,
  key TEXT NOT NULL,
  message_id INTEGER,
  since INTEGER NOT NULL,
  used INTEGER NOT NULL,
  until INTEGER NOT NULL,
  PRIMARY KEY (endpoint_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX pacing_over ON pacing (until);

CREATE TABLE broadcast (
  task_id INTEGER PRIMARY KEY,
  message_json TEXT NOT NULL,
  payload BLOB NOT NULL
) STRICT;

-- Application 0: the whole organisation; endpoint 0: the whole application.
CREATE TABLE rollup (
  org_id INTEGER NOT NULL,
  app_id INTEGER NOT NULL,
  endpoint_id INTEGER NOT NULL,
  hour INTEGER NOT NULL,
  messages INTEGER NOT NULL,
  attempts_ok INTEGER NOT NULL,
  attempts_failed INTEGER NOT NULL,
  first_try INTEGER NOT NULL,
  later INTEGER NOT NULL,
  exhausted INTEGER NOT NULL,
  latency_json TEXT NOT NULL,
  duration_json TEXT NOT NULL,
  PRIMARY KEY (org_id, app_id, endpoint_id, hour)
) STRICT, WITHOUT ROWID;
CREATE INDEX rollup_hour ON rollup (hour);

CREATE TABLE rollup_cursor (
  source TEXT PRIMARY KEY,
  last_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;
