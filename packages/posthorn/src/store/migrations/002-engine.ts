/**
 * Columns for details of attempts, endpoints that did not match, ordering keys, the policies of endpoints and applications, and
 * applications that the server uses internally.
 */
export const engine = `
ALTER TABLE application ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;
ALTER TABLE application ADD COLUMN policy_json TEXT;
ALTER TABLE endpoint ADD COLUMN policy_json TEXT;
ALTER TABLE message ADD COLUMN ordering_key TEXT;
ALTER TABLE message ADD COLUMN unmatched_json TEXT;
ALTER TABLE message ADD COLUMN request_json TEXT;
ALTER TABLE attempt ADD COLUMN detail_json TEXT;
DROP INDEX application_live;
CREATE INDEX application_live ON application (org_id, id) WHERE deleted_at IS NULL AND kind = 0;
DROP INDEX application_uid;
CREATE UNIQUE INDEX application_uid ON application (org_id, kind, uid) WHERE uid IS NOT NULL AND deleted_at IS NULL;
`;
