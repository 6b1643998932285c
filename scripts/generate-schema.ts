/**
 * Writes what every start needs of the migrations, so that it is not computed each time: their checksums, and the schema of an empty SQLite
 * database. Run it after adding a migration; a test compares both files with the migrations.
 *
 *     npm run generate:schema
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { checksumOf } from "../packages/posthorn/src/store/migrations/checksum.ts";
import { MIGRATIONS } from "../packages/posthorn/src/store/migrations/list.ts";
import { migrationFor } from "../packages/posthorn/src/store/migrations/portable.ts";

const STORE = join(import.meta.dirname, "../packages/posthorn/src/store");
const HEAD =
  "// Written by `npm run generate:schema`. Never edit it: run that command again after adding a migration.\n";

const checksums = MIGRATIONS.map(({ name, sql }) => {
  const both = [checksumOf(migrationFor("sqlite", sql)), checksumOf(migrationFor("postgres", sql))];
  return `  ${JSON.stringify(name)}: ${JSON.stringify(both)},`;
});
write("migrations/checksums.generated.ts", [
  "/** SHA-256 of the statements of each migration, by its name. */",
  "export const CHECKSUMS: Readonly<Record<string, readonly [sqlite: string, postgres: string]>> = {",
  ...checksums,
  "};",
]);

write("sqlite/empty-schema.generated.ts", [
  "/** Statements that create what the migrations up to this version create in an empty database, in the same order. */",
  "export const EMPTY_SCHEMA: { readonly version: number; readonly statements: readonly string[] } = {",
  `  version: ${MIGRATIONS.length},`,
  "  statements: [",
  ...statementsOfSchema().map((sql) => `    ${JSON.stringify(sql)},`),
  "  ],",
  "};",
]);

function statementsOfSchema(): readonly string[] {
  const db = new DatabaseSync(":memory:");
  for (const { sql } of MIGRATIONS) db.exec(migrationFor("sqlite", sql));
  // SQLite creates the others itself: indexes of constraints, and the table of generated keys.
  const rows = db.prepare(
    "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid",
  );
  return (rows.all() as { sql: string }[]).map(({ sql }) => sql);
}

function write(path: string, lines: readonly string[]): void {
  writeFileSync(join(STORE, path), `${HEAD}\n${lines.join("\n")}\n`);
}
