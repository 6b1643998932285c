import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { openStore } from "./support/store.ts";
import { SEALED_COLUMNS } from "../src/store/sealed-columns.ts";

const EVERY_COLUMN = {
  sqlite: `SELECT m.name || '.' || c.name AS name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'`,
  postgres: `SELECT c.relname || '.' || a.attname AS name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'posthorn' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped`,
};

describe("the registry of encrypted columns", () => {
  it("has every column named *_sealed, and every column of inbound requests", async () => {
    await using files = await openStore();
    const kind = files.store.cluster === null ? "sqlite" : "postgres";
    const { rows } = await sql<{ name: string }>`${sql.raw(EVERY_COLUMN[kind])}`.execute(files.store.db);
    const encrypted = rows.map(({ name }) => name).filter((name) => /(_sealed|\.request_json)$/.test(name));
    expect(Object.keys(SEALED_COLUMNS).toSorted()).toEqual(encrypted.toSorted());
  });

  it("names the table and column of each entry", () => {
    for (const [name, { table, column }] of Object.entries(SEALED_COLUMNS)) expect(name).toBe(`${table}.${column}`);
  });
});
