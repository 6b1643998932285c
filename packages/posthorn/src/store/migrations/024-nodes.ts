/**
 * Nodes of a PostgreSQL database and shards of its endpoints. A node owns its shards as long as it renews its lease in time. All times
 * come from the database clock. SQLite has a single node, which owns everything.
 *
 * Recording an outcome calls `holds`, which first locks the shard against a change of owner until the end of the transaction, and then
 * checks the owner. The function is VOLATILE, so that it sees what was committed while it waited. The lock is an advisory lock, since row
 * locks would be written to disk with each batch of outcomes; 1886352244 is "post", as in store/postgres/locks.ts.
 */
import type { Migration } from "./portable.ts";

const postgres = `
CREATE TABLE node (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  slot bigint NOT NULL UNIQUE,
  host text COLLATE "C" NOT NULL,
  version text COLLATE "C" NOT NULL,
  secrets_mark text COLLATE "C" NOT NULL,
  started_at bigint NOT NULL,
  seen_at bigint NOT NULL,
  leased_until bigint NOT NULL,
  draining bigint NOT NULL DEFAULT 0,
  in_flight bigint NOT NULL DEFAULT 0,
  lanes bigint NOT NULL DEFAULT 0,
  settled_messages bigint NOT NULL DEFAULT 0,
  settled_attempts bigint NOT NULL DEFAULT 0
);
CREATE TABLE shard (
  id bigint PRIMARY KEY,
  node_id bigint,
  fence bigint NOT NULL
);
CREATE FUNCTION clock_ms() RETURNS bigint LANGUAGE sql VOLATILE AS
  'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint';
CREATE FUNCTION holds(wanted bigint, its_fence bigint) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(1886352244, (1000 + wanted)::int);
  RETURN EXISTS (SELECT FROM posthorn.shard s WHERE s.id = wanted AND s.fence = its_fence);
END $$;
`;

export const nodes: Migration = { sqlite: "", postgres };
