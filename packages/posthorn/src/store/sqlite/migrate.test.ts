import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { MIGRATIONS } from "../migrations/list.ts";
import { migrationFor } from "../migrations/portable.ts";
import { EMPTY_SCHEMA } from "./empty-schema.generated.ts";
import { migrate, migrationStates } from "./migrate.ts";

/** Everything in the file: its schema in the order in which it was created, and the rows of each table. */
function contentsOf(db: DatabaseSync): unknown {
  const schema = db.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid").all();
  const tables = schema.filter(({ type }) => type === "table").map(({ name }) => name as string);
  const rows = tables.map((table) => [table, db.prepare(`SELECT * FROM "${table}"`).all()]);
  return { version: db.prepare("PRAGMA user_version").get(), schema, rows };
}

function withEach(work: (created: DatabaseSync, migrated: DatabaseSync) => void): void {
  const [created, migrated] = [new DatabaseSync(":memory:"), new DatabaseSync(":memory:")];
  try {
    work(created, migrated);
  } finally {
    created.close();
    migrated.close();
  }
}

describe("an empty database", () => {
  it("gets in one step the schema that its migrations would create one by one", () => {
    withEach((created, migrated) => {
      const applied = migrate(created);
      expect(applied.map(({ name }) => name)).toEqual(MIGRATIONS.map(({ name }) => name));
      // A file that went through the first migration is not empty, and runs the others.
      migrated.exec(migrationFor("sqlite", MIGRATIONS[0]!.sql));
      migrated.exec("PRAGMA user_version = 1");
      expect(migrate(migrated)).toHaveLength(MIGRATIONS.length - 1);
      expect(contentsOf(created), "run `npm run generate:schema`").toEqual(contentsOf(migrated));
      expect(EMPTY_SCHEMA.version, "run `npm run generate:schema`").toBe(MIGRATIONS.length);
    });
  });
});

it("a file with a table of another program keeps it", () => {
  withEach((file) => {
    file.exec("CREATE TABLE kept (id INTEGER PRIMARY KEY)");
    migrate(file);
    expect(migrationStates(file).every(({ applied, record }) => applied && record === "matches")).toBe(true);
    expect(file.prepare("SELECT * FROM kept").all()).toEqual([]);
  });
});
