/**
 * Requests at the WebSub hub: each keeps its own row until it is verified, so that a request does not replace one of
 * another sender, and requests that failed their verification stay for a while with the cause.
 *
 * `intent_hash` identifies what is requested: a repetition of a pending request has the same one. A node of an earlier version leaves it empty.
 */
export const subscriptionRequests = `
ALTER TABLE websub_request ADD COLUMN intent_hash TEXT NOT NULL DEFAULT '';
ALTER TABLE websub_request ADD COLUMN state TEXT NOT NULL DEFAULT 'pending';
ALTER TABLE websub_request ADD COLUMN tried_at INTEGER;
ALTER TABLE websub_request ADD COLUMN failure_json TEXT;
DROP INDEX websub_request_target;
CREATE UNIQUE INDEX websub_request_intent ON websub_request (topic_id, target_hash, intent_hash);
CREATE INDEX websub_request_of_application ON websub_request (app_id, id);
`;
