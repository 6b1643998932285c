/**
 * Feeds: the order in which messages can be read, named consumers with their leases, tokens for one endpoint or subscription, and
 * subscriptions of receivers that register themselves.
 *
 * Keys of messages are made before their commit, so a reader that has passed a key could miss a message that is committed later with a lower
 * one. The horizon (`rollup_cursor`, source `feed`) is the key up to which readers may read. A message that is committed with a key at or
 * below the horizon gets a row in `feed_late`, in the same transaction, and is read after the key in `after_key`.
 *
 * In PostgreSQL, `feed_next` is the next horizon. Its value is not transactional, so that a transaction sees it at every isolation level.
 * `feed_limit` locks the value until the end of the transaction: the next horizon holds once no transaction has a lock of the last one. 1717920100 is
 * "feed", as in store/postgres/feed.ts.
 */
import { type Migration, toPostgres } from "./portable.ts";

const tables = `
CREATE TABLE feed_late (
  app_id INTEGER NOT NULL,
  after_key INTEGER NOT NULL,
  message_id INTEGER NOT NULL,
  PRIMARY KEY (app_id, after_key, message_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX feed_late_message ON feed_late (message_id);
CREATE INDEX feed_late_after ON feed_late (after_key);

CREATE TABLE feed_consumer (
  id INTEGER PRIMARY KEY,
  app_id INTEGER NOT NULL,
  endpoint_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  head_key INTEGER NOT NULL,
  head_late INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX feed_consumer_name ON feed_consumer (app_id, endpoint_id, name);
CREATE INDEX feed_consumer_used ON feed_consumer (used_at);

CREATE TABLE feed_lease (
  consumer_id INTEGER NOT NULL,
  from_key INTEGER NOT NULL,
  from_late INTEGER NOT NULL,
  to_key INTEGER NOT NULL,
  to_late INTEGER NOT NULL,
  until INTEGER NOT NULL,
  PRIMARY KEY (consumer_id, from_key, from_late)
) STRICT, WITHOUT ROWID;

CREATE TABLE auto_config (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL,
  app_id INTEGER NOT NULL,
  endpoint_id INTEGER,
  secret_sealed BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX auto_config_of_application ON auto_config (app_id, id);

CREATE TABLE scoped_token (
  id INTEGER PRIMARY KEY,
  org_id INTEGER NOT NULL,
  app_id INTEGER NOT NULL,
  endpoint_id INTEGER,
  auto_config_id INTEGER,
  hash BLOB NOT NULL,
  token_sealed BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER
) STRICT;
CREATE UNIQUE INDEX scoped_token_hash ON scoped_token (hash);
CREATE INDEX scoped_token_of_endpoint ON scoped_token (endpoint_id) WHERE endpoint_id IS NOT NULL;
CREATE INDEX scoped_token_of_auto_config ON scoped_token (auto_config_id) WHERE auto_config_id IS NOT NULL;

`;

const postgres = `
${toPostgres(tables)}
CREATE SEQUENCE feed_next MINVALUE 0 START 0;

CREATE FUNCTION feed_limit() RETURNS bigint LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT AS $$
DECLARE
  locked bigint;
  now_next bigint;
BEGIN
  LOOP
    SELECT last_value INTO locked FROM feed_next;
    PERFORM pg_advisory_xact_lock_shared(1717920100, (locked % 2147483647)::int);
    SELECT last_value INTO now_next FROM feed_next;
    EXIT WHEN now_next = locked;
  END LOOP;
  RETURN locked;
END $$;
`;

export const feeds: Migration = { sqlite: tables, postgres };
