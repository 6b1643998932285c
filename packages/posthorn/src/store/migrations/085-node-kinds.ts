/** Destination kinds that a node cannot send to, so that it leaves their shards to nodes that can; and the endpoints of such kinds. */
import type { Migration } from "./portable.ts";

const postgres = `
ALTER TABLE node ADD COLUMN missing_kinds text COLLATE "C";
CREATE INDEX endpoint_kind ON endpoint (kind, id) WHERE kind <> 'http' AND deleted_at IS NULL;`;

export const nodeKinds: Migration = { sqlite: "", postgres };
