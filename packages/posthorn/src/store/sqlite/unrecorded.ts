/** Detects database files of other builds by their tables and columns, for files without a record of their migrations. */
import { DatabaseSync } from "node:sqlite";
import { schemaMismatch } from "../errors.ts";
import { MIGRATIONS } from "../migrations/list.ts";
import { migrationFor } from "../migrations/portable.ts";

const COLUMNS = `SELECT m.name AS "table", c.name AS "column" FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'`;

/**
 * Throws `schema_mismatch` when a file lacks a table or column that one of its migrations creates, or has a table that only a later
 * migration creates. Tables and columns with other names are ignored.
 */
export function requireTablesOfVersion(db: DatabaseSync, version: number): void {
  const found = columnsOf(db);
  const expected = columnsAfterEach();
  const present = expected[version]!;
  for (const [index, { name }] of MIGRATIONS.entries()) {
    const before = expected[index]!;
    for (const column of expected[index + 1]!) {
      if (before.has(column)) continue;
      const migration = `migration ${index + 1} "${name}"`;
      if (index < version && present.has(column) && !found.has(column)) {
        throw schemaMismatch(`The database has schema ${version} but not ${describe(column)} of ${migration}.`);
      }
      if (index >= version && column.endsWith(".") && !present.has(column) && found.has(column)) {
        throw schemaMismatch(`The database has schema ${version} but already ${describe(column)} of ${migration}.`);
      }
    }
  }
}

/** Columns as `table.column` and tables as `table.`, before the first migration and after each one. */
function columnsAfterEach(): readonly ReadonlySet<string>[] {
  const db = new DatabaseSync(":memory:");
  try {
    const sets = [columnsOf(db)];
    for (const { sql } of MIGRATIONS) {
      db.exec(migrationFor("sqlite", sql));
      sets.push(columnsOf(db));
    }
    return sets;
  } finally {
    db.close();
  }
}

function columnsOf(db: DatabaseSync): ReadonlySet<string> {
  const rows = db.prepare(COLUMNS).all() as { table: string; column: string }[];
  return new Set(rows.flatMap(({ table, column }) => [`${table}.`, `${table}.${column}`]));
}

function describe(name: string): string {
  return name.endsWith(".") ? `the table ${name.slice(0, -1)}` : `the column ${name}`;
}
