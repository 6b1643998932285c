import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { SCHEMA } from "../postgres/schema-name.ts";

/** An entry of `pg_restore --list` that creates the schema: `5; 2615 16385 SCHEMA - posthorn owner`. */
const SCHEMA_ENTRY = new RegExp(String.raw`^\d+; \d+ \d+ SCHEMA - ${SCHEMA} `);

/** Writes the entries of a dump without the schema itself, which exists already and marks the restore as unfinished. Returns the path. */
export function listWithoutSchema(list: string, folder: string): string {
  const path = join(folder, "restore.list");
  const lines = list.split("\n").filter((line) => !SCHEMA_ENTRY.test(line));
  writeFileSync(path, lines.join("\n"), { mode: 0o600 });
  return path;
}
