/** For how long the delivery of a node that has waited longest for its turn has waited. */
import type { Migration } from "./portable.ts";

const postgres = "ALTER TABLE node ADD COLUMN lag_ms bigint NOT NULL DEFAULT 0;";

export const nodeLag: Migration = { sqlite: "", postgres };
