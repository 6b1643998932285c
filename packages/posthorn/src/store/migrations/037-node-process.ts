/** Process of each node, so that the node that replaces it on the same machine can prove that it has ended. */
import type { Migration } from "./portable.ts";

const postgres = `ALTER TABLE node ADD COLUMN process text COLLATE "C";`;

export const nodeProcess: Migration = { sqlite: "", postgres };
