/** Recipients of alerts that customers set up for their own endpoints, what they were notified about, and the tokens in their emails. */
export const alertRecipients = `
CREATE TABLE alert_recipient (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  org_id INTEGER NOT NULL,
  app_id INTEGER NOT NULL,
  email TEXT,
  endpoint_id INTEGER,
  digest TEXT NOT NULL,
  locale TEXT NOT NULL,
  confirm_hash BLOB,
  confirmed_at INTEGER,
  sent_at INTEGER,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX alert_recipient_of_application ON alert_recipient (app_id, id);
CREATE UNIQUE INDEX alert_recipient_confirm ON alert_recipient (confirm_hash);

CREATE TABLE alert_recipient_state (
  recipient_id INTEGER NOT NULL,
  subject TEXT NOT NULL,
  since INTEGER NOT NULL,
  notified_at INTEGER,
  cleared_at INTEGER,
  PRIMARY KEY (recipient_id, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE alert_recipient_token (
  hash BLOB PRIMARY KEY,
  recipient_id INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_recipient_token_of_recipient ON alert_recipient_token (recipient_id, created_at);
`;
