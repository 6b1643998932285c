/**
 * Checks the leases of a batch of outcomes in one call, as `holds` checks one (see migration 024). First, it locks all shards in the order of the
 * list; then it reads their owners with a new snapshot, which has what was committed while it waited. Returns 1 for each lease that is held.
 */
import type { Migration } from "./portable.ts";

const postgres = `
CREATE FUNCTION held_leases(shards bigint[], fences bigint[]) RETURNS integer[] LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(1886352244, (1000 + shard)::int) FROM unnest(shards) AS shard;
  RETURN ARRAY(
    SELECT CASE WHEN EXISTS (SELECT FROM posthorn.shard s WHERE s.id = l.shard AND s.fence = l.fence) THEN 1 ELSE 0 END
    FROM unnest(shards, fences) WITH ORDINALITY AS l (shard, fence, place) ORDER BY l.place);
END $$;
`;

export const leasesOfBatches: Migration = { sqlite: "", postgres };
