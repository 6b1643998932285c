/** Counts per minute for the most recent hours, because hourly counts are too coarse for a view of the last hour. */
export const minutes = `
CREATE TABLE rollup_minute (
  org_id INTEGER NOT NULL,
  minute INTEGER NOT NULL,
  messages INTEGER NOT NULL,
  attempts_ok INTEGER NOT NULL,
  attempts_failed INTEGER NOT NULL,
  first_try INTEGER NOT NULL,
  later INTEGER NOT NULL,
  exhausted INTEGER NOT NULL,
  latency_json TEXT NOT NULL,
  duration_json TEXT NOT NULL,
  PRIMARY KEY (org_id, minute)
) STRICT, WITHOUT ROWID;
`;
