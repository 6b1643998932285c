/** Alert rules, and the alerts that they have raised. Operational events can be for certain endpoints only. */
export const alerts = `
CREATE TABLE alert_rule (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  org_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  params_json TEXT NOT NULL,
  targets_json TEXT NOT NULL,
  quiet_json TEXT,
  digest TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  sent_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX alert_rule_of_organisation ON alert_rule (org_id, id);

CREATE TABLE alert (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  rule_id INTEGER NOT NULL,
  subject TEXT NOT NULL,
  content_json TEXT NOT NULL,
  notified_at INTEGER,
  cleared_at INTEGER
) STRICT;
CREATE UNIQUE INDEX alert_of_rule ON alert (rule_id, subject);

ALTER TABLE operational_event ADD COLUMN targets_json TEXT;
`;
