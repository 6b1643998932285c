/** Renames tables, a column and the stored progress of tasks: flow control, ingest uptime, requester, duplicates, last error. */
export const stateNames = `
ALTER TABLE pacing RENAME TO flow_state;
DROP INDEX pacing_over;
CREATE INDEX flow_state_until ON flow_state (until);

ALTER TABLE source_watch RENAME TO ingest_uptime;
ALTER TABLE ingest_uptime RENAME COLUMN listened_from TO up_since;

ALTER TABLE task RENAME COLUMN asked_by TO requested_by;

-- A quotation mark inside a value is escaped, so these texts match keys only.
UPDATE task SET data_json = replace(replace(data_json, '"already":', '"duplicates":'), '"trouble":', '"lastError":')
WHERE kind = 'source.backfill';
UPDATE task SET data_json = replace(data_json, '"paceFrom":', '"budgetFrom":')
WHERE kind IN ('endpoint.bulk-replay', 'endpoint.recover', 'endpoint.replay');
`;
