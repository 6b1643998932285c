/** Destination kinds that a node can send to, so that it leaves the shards of others to nodes that can; and the shards with endpoints of a kind. */
import type { Migration } from "./portable.ts";

/** `shard_of` returns the same as `shardOf` in `store/shards.ts`. With the index, whether a shard has endpoints of a kind is one look-up. */
const postgres = `
ALTER TABLE node ADD COLUMN kinds text COLLATE "C";
CREATE FUNCTION times_32(a bigint, b bigint) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
  'SELECT ((a & 65535) * b + ((((a >> 16) * (b & 65535)) & 65535) << 16)) & 4294967295';
CREATE FUNCTION shard_of(key bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  mixed bigint;
BEGIN
  mixed := posthorn.times_32((key & 4294967295) # posthorn.times_32(key >> 32, 2654435761), 2246822507);
  mixed := mixed # (mixed >> 15);
  mixed := posthorn.times_32(mixed, 3266489909);
  mixed := mixed # (mixed >> 16);
  RETURN mixed % 64;
END $$;
CREATE INDEX endpoint_kind ON endpoint (kind, shard_of(id)) WHERE kind <> 'http' AND deleted_at IS NULL;`;

export const nodeKinds: Migration = { sqlite: "", postgres };
