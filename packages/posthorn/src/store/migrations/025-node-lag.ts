/** Age of the oldest queued delivery of each node. */
import type { Migration } from "./portable.ts";

const postgres = "ALTER TABLE node ADD COLUMN lag_ms bigint NOT NULL DEFAULT 0;";

export const nodeLag: Migration = { sqlite: "", postgres };
