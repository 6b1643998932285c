/**
 * Parking of outbox rows. A row that cannot become a message is retried after growing pauses and then parked with the reason, so that it
 * neither blocks other rows nor is read repeatedly.
 */
import { type Migration, toPostgres } from "./portable.ts";

const columns = `
ALTER TABLE outbox ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN error TEXT;
ALTER TABLE outbox ADD COLUMN retry_at INTEGER;
ALTER TABLE outbox ADD COLUMN parked_at INTEGER;
`;

/** Adds a view of parked rows and a function that retries them, for operators. */
const postgres = `${toPostgres(columns)}
CREATE VIEW outbox_parked AS
  SELECT o.public_id AS id, coalesce(a.uid, a.public_id) AS application, o.event_type, o.event_id, o.error, o.failures,
    to_timestamp(o.parked_at / 1000.0) AS parked_at
  FROM outbox o LEFT JOIN application a ON a.id = o.app_id WHERE o.parked_at IS NOT NULL ORDER BY o.id;

CREATE FUNCTION publish_again(id text) RETURNS boolean LANGUAGE plpgsql VOLATILE SET search_path = posthorn, pg_temp AS $$
DECLARE
  key bigint;
BEGIN
  UPDATE outbox o SET failures = 0, error = NULL, retry_at = NULL, parked_at = NULL
  WHERE o.public_id = publish_again.id AND o.parked_at IS NOT NULL RETURNING o.id INTO key;
  IF key IS NULL THEN
    RETURN false;
  END IF;
  PERFORM pg_notify('posthorn', 'outbox ' || key);
  RETURN true;
END $$;
`;

export const outboxParked: Migration = { sqlite: columns, postgres };
