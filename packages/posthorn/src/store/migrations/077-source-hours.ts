/** Results of the requests and events of a source, by hour. */
export const sourceHours = `
CREATE TABLE source_hour (
  source_id INTEGER NOT NULL,
  hour INTEGER NOT NULL,
  stored INTEGER NOT NULL,
  routed INTEGER NOT NULL,
  duplicates INTEGER NOT NULL,
  quarantined INTEGER NOT NULL,
  PRIMARY KEY (source_id, hour)
) STRICT, WITHOUT ROWID;
`;
