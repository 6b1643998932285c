/** Repeated deliveries: number per source, and the messages that were repeated. */
export const sourceDuplicates = `
CREATE TABLE source_duplicate_total (
  source_id INTEGER PRIMARY KEY,
  duplicates INTEGER NOT NULL,
  last_at INTEGER NOT NULL
) STRICT;

CREATE TABLE source_duplicate (
  source_id INTEGER NOT NULL,
  message_id INTEGER NOT NULL,
  repeats INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (source_id, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX source_duplicate_newest ON source_duplicate (source_id, last_at, message_id);
`;
