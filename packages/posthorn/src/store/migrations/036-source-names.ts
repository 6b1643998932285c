/** Renames tables, a task kind and operational event types to the API's terms: activity, inactive, backfill. */
export const sourceNames = `
ALTER TABLE source_rhythm RENAME TO source_activity;
ALTER TABLE source_activity RENAME COLUMN rhythm_json TO activity_json;
ALTER TABLE source_activity RENAME COLUMN silent_at TO inactive_at;
ALTER TABLE source_activity RENAME COLUMN silent_since TO inactive_since;
DROP INDEX source_rhythm_due;
CREATE INDEX source_activity_due ON source_activity (inactive_at) WHERE inactive_at IS NOT NULL AND inactive_since IS NULL;

ALTER TABLE source_reconcile RENAME TO source_backfill;
ALTER TABLE source_backfill RENAME COLUMN reconciled_until TO backfilled_until;
DROP INDEX source_reconcile_due;
CREATE INDEX source_backfill_due ON source_backfill (next_at) WHERE next_at IS NOT NULL;

UPDATE task SET kind = 'source.backfill' WHERE kind = 'source.reconcile';

UPDATE operational_event SET type = 'source.inactive' WHERE type = 'source.silent';
UPDATE operational_event SET type = 'source.backfilled' WHERE type = 'source.reconciled';

-- Subscriptions of operational webhook endpoints (application kind 1). Customers' own event types stay as they are.
UPDATE endpoint
SET event_types_json =
  replace(replace(event_types_json, '"source.silent"', '"source.inactive"'), '"source.reconciled"', '"source.backfilled"')
WHERE event_types_json IS NOT NULL AND app_id IN (SELECT id FROM application WHERE kind = 1);
`;
