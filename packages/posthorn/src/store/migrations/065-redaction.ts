/**
 * Redaction rules, and the exact bodies of redacted messages.
 *
 * `exact_bytes` is the size of the exact body of a message whose payload was redacted. Its deliveries have `has_exact`, so that the triggers cost
 * nothing for others. They delete the exact body in the transaction in which its last delivery ends, whatever ends it, or set the time at which it
 * is destroyed. In PostgreSQL, two transactions can end two deliveries of a message at the same time, without seeing each other. The lock makes the
 * second one wait, and see the first.
 *
 * `quarantine.body_sealed` has the exact body of a request whose body was redacted; `broadcast.payload_sealed` has the payload of a broadcast.
 */
import { type Migration, toPostgres } from "./portable.ts";

const tables = `
CREATE TABLE redaction_rule (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  org_id INTEGER NOT NULL,
  app_id INTEGER,
  description TEXT NOT NULL,
  path TEXT,
  pattern TEXT,
  action TEXT NOT NULL,
  event_types_json TEXT,
  keep_exact_ms INTEGER NOT NULL,
  disabled INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX redaction_rule_of_organisation ON redaction_rule (org_id, id);
CREATE TABLE redaction_key (
  org_id INTEGER PRIMARY KEY,
  key_sealed BLOB NOT NULL
) STRICT;
CREATE TABLE exact_body (
  message_id INTEGER PRIMARY KEY,
  body_sealed BLOB NOT NULL,
  keep_ms INTEGER NOT NULL,
  destroy_at INTEGER
) STRICT;
CREATE INDEX exact_body_end ON exact_body (destroy_at) WHERE destroy_at IS NOT NULL;
ALTER TABLE message ADD COLUMN exact_bytes INTEGER;
ALTER TABLE delivery ADD COLUMN has_exact INTEGER;
ALTER TABLE quarantine ADD COLUMN body_sealed BLOB;
ALTER TABLE broadcast ADD COLUMN payload_sealed BLOB;
`;

const pending = "SELECT 1 FROM delivery WHERE message_id = old.message_id AND due IS NOT NULL";
const destroy = `
  DELETE FROM exact_body WHERE message_id = old.message_id AND keep_ms = 0 AND NOT EXISTS (${pending});
  UPDATE exact_body SET destroy_at = CAST(unixepoch('subsec') * 1000 AS INTEGER) + keep_ms
    WHERE message_id = old.message_id AND NOT EXISTS (${pending});`;

const sqlite = `${tables}
CREATE TRIGGER delivery_ended AFTER UPDATE OF due ON delivery
WHEN new.has_exact IS NOT NULL AND new.due IS NULL AND old.due IS NOT NULL BEGIN ${destroy}
END;
CREATE TRIGGER delivery_gone AFTER DELETE ON delivery WHEN old.has_exact IS NOT NULL AND old.due IS NOT NULL BEGIN ${destroy}
END;
CREATE TRIGGER payload_gone AFTER UPDATE OF payload ON message WHEN old.exact_bytes IS NOT NULL AND new.payload IS NULL BEGIN
  DELETE FROM exact_body WHERE message_id = old.id;
END;
CREATE TRIGGER redacted_message_gone AFTER DELETE ON message WHEN old.exact_bytes IS NOT NULL BEGIN
  DELETE FROM exact_body WHERE message_id = old.id;
END;
`;

const postgres = `${toPostgres(tables)}
CREATE FUNCTION destroy_exact_body() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM 1 FROM exact_body WHERE message_id = old.message_id FOR UPDATE;
  IF NOT FOUND OR EXISTS (${pending}) THEN
    RETURN NULL;
  END IF;
  DELETE FROM exact_body WHERE message_id = old.message_id AND keep_ms = 0;
  UPDATE exact_body SET destroy_at = (extract(epoch FROM clock_timestamp()) * 1000)::bigint + keep_ms
    WHERE message_id = old.message_id;
  RETURN NULL;
END $$;
CREATE TRIGGER delivery_ended AFTER UPDATE OF due ON delivery FOR EACH ROW
  WHEN (new.has_exact IS NOT NULL AND new.due IS NULL AND old.due IS NOT NULL) EXECUTE FUNCTION destroy_exact_body();
CREATE TRIGGER delivery_gone AFTER DELETE ON delivery FOR EACH ROW
  WHEN (old.has_exact IS NOT NULL AND old.due IS NOT NULL) EXECUTE FUNCTION destroy_exact_body();
CREATE FUNCTION drop_exact_body() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  DELETE FROM exact_body WHERE message_id = old.id;
  RETURN NULL;
END $$;
CREATE TRIGGER payload_gone AFTER UPDATE OF payload ON message FOR EACH ROW
  WHEN (old.exact_bytes IS NOT NULL AND new.payload IS NULL) EXECUTE FUNCTION drop_exact_body();
CREATE TRIGGER redacted_message_gone AFTER DELETE ON message FOR EACH ROW
  WHEN (old.exact_bytes IS NOT NULL) EXECUTE FUNCTION drop_exact_body();
`;

export const redaction: Migration = { sqlite, postgres };
