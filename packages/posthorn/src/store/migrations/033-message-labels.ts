/**
 * Search of messages: an index by event type, and a table of the tags and channels of messages.
 *
 * The code that stores messages also inserts their labels; a trigger deletes the labels together with the message. In PostgreSQL the table
 * has the same partitions as `message`, which are dropped together.
 */
import type { Migration } from "./portable.ts";

const index = "CREATE INDEX message_of_type ON message (app_id, event_type, id);";

const sqlite = `
${index}
CREATE TABLE message_label (
  app_id INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  name TEXT NOT NULL,
  message_id INTEGER NOT NULL,
  PRIMARY KEY (app_id, kind, name, message_id)
) STRICT, WITHOUT ROWID;
INSERT INTO message_label
  SELECT DISTINCT m.app_id, 0, c.value, m.id FROM message m, json_each(m.channels_json) c WHERE m.channels_json IS NOT NULL
  UNION ALL SELECT DISTINCT m.app_id, 1, t.value, m.id FROM message m, json_each(m.tags_json) t WHERE m.tags_json IS NOT NULL
  ORDER BY 1, 2, 3, 4;
CREATE TRIGGER message_gone AFTER DELETE ON message WHEN old.channels_json IS NOT NULL OR old.tags_json IS NOT NULL
BEGIN
  DELETE FROM message_label WHERE app_id = old.app_id AND kind = 0 AND message_id = old.id
    AND name IN (SELECT value FROM json_each(old.channels_json));
  DELETE FROM message_label WHERE app_id = old.app_id AND kind = 1 AND message_id = old.id
    AND name IN (SELECT value FROM json_each(old.tags_json));
END;
`;

const postgres = `
${index}
CREATE TABLE message_label (
  app_id bigint NOT NULL,
  kind bigint NOT NULL,
  name text COLLATE "C" NOT NULL,
  message_id bigint NOT NULL,
  PRIMARY KEY (app_id, kind, name, message_id)
) PARTITION BY RANGE (message_id);
DO $$
DECLARE
  part record;
BEGIN
  FOR part IN
    SELECT replace(c.relname, 'message_', 'message_label_') AS name, pg_get_expr(c.relpartbound, c.oid) AS bounds
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass('message')
  LOOP
    EXECUTE format('CREATE TABLE %I PARTITION OF message_label %s', part.name, part.bounds);
  END LOOP;
END $$;
CREATE FUNCTION labels_of(channels text, tags text) RETURNS TABLE (kind bigint, name text) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
  'SELECT 0::bigint, json_array_elements_text(channels::json) UNION SELECT 1::bigint, json_array_elements_text(tags::json)';
INSERT INTO message_label (app_id, kind, name, message_id)
  SELECT m.app_id, l.kind, l.name, m.id FROM message m CROSS JOIN LATERAL labels_of(m.channels_json, m.tags_json) l
  WHERE m.channels_json IS NOT NULL OR m.tags_json IS NOT NULL;
CREATE FUNCTION drop_labels() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  DELETE FROM message_label d USING gone g CROSS JOIN LATERAL labels_of(g.channels_json, g.tags_json) l
  WHERE (g.channels_json IS NOT NULL OR g.tags_json IS NOT NULL)
    AND d.app_id = g.app_id AND d.kind = l.kind AND d.name = l.name AND d.message_id = g.id;
  RETURN NULL;
END $$;
CREATE TRIGGER message_labels_gone AFTER DELETE ON message REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION drop_labels();
`;

export const messageLabels: Migration = { sqlite, postgres };
