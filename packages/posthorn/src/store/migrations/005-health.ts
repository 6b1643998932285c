/**
 * Events for operational webhooks, failing endpoints, reasons why endpoints are disabled, endpoint verification, and the proxy of an
 * application.
 *
 * An operational event is committed together with the change that it reports, and stored until it is published as a message. Its ID is
 * never reused, because the ID of the message is derived from it.
 */
export const health = `
CREATE TABLE operational_event (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  org_id INTEGER NOT NULL,
  type TEXT NOT NULL,
  at INTEGER NOT NULL,
  due INTEGER NOT NULL,
  merge_key TEXT,
  count INTEGER NOT NULL,
  data_json TEXT,
  endpoint_id INTEGER,
  message_id INTEGER,
  attempt_id INTEGER
) STRICT;
CREATE INDEX operational_event_due ON operational_event (due, id);
CREATE UNIQUE INDEX operational_event_merge ON operational_event (merge_key) WHERE merge_key IS NOT NULL;
CREATE TABLE endpoint_failure (
  endpoint_id INTEGER PRIMARY KEY,
  since INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  warned INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX application_operational ON application (org_id) WHERE kind = 1 AND deleted_at IS NULL;
ALTER TABLE application ADD COLUMN egress_sealed BLOB;
ALTER TABLE endpoint ADD COLUMN disabled_json TEXT;
ALTER TABLE endpoint ADD COLUMN verification_json TEXT;
`;
