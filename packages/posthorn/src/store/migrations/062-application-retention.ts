/** Retention periods of single applications, in days, and how far the sweeps have processed each application. */
export const applicationRetention = `
CREATE TABLE application_retention (
  app_id INTEGER PRIMARY KEY,
  payload_days INTEGER,
  attempt_days INTEGER,
  failure_days INTEGER,
  payload_cursor INTEGER NOT NULL DEFAULT 0,
  attempt_cursor INTEGER NOT NULL DEFAULT 0,
  message_cursor INTEGER NOT NULL DEFAULT 0,
  full_pass_at INTEGER NOT NULL DEFAULT 0
) STRICT;
`;
