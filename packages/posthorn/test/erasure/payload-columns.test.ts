import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import {
  ERASURE_PLACES,
  OTHER_COLUMNS,
  PAYLOAD_COLUMNS,
  TABLES_WITHOUT_PAYLOADS,
} from "../../src/store/payload-columns.ts";
import { openStore } from "../support/store.ts";

/** Columns of text and bytes. */
const COLUMNS = {
  sqlite: `SELECT m.name AS table_name, c.name AS column_name FROM sqlite_master m, pragma_table_info(m.name) c
    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND c.type IN ('TEXT', 'BLOB')`,
  postgres: `SELECT c.relname AS table_name, a.attname AS column_name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'posthorn' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
      AND format_type(a.atttypid, NULL) IN ('text', 'bytea', 'json', 'jsonb', 'character varying')`,
};

async function storedColumns(): Promise<readonly { readonly table: string; readonly name: string }[]> {
  await using files = await openStore();
  const kind = files.store.cluster === null ? "sqlite" : "postgres";
  const { rows } = await sql<{ table_name: string; column_name: string }>`${sql.raw(COLUMNS[kind])}`.execute(
    files.store.db,
  );
  return rows.map(({ table_name: table, column_name: column }) => ({ table, name: `${table}.${column}` }));
}

describe("the registry of columns with payloads", () => {
  it("says for every column of text or bytes whether it can contain values from payloads", async () => {
    const columns = await storedColumns();
    expect(columns.length).toBeGreaterThan(100);
    const unknown = columns.filter(
      ({ table, name }) =>
        !(name in PAYLOAD_COLUMNS) && !OTHER_COLUMNS.has(name) && !(table in TABLES_WITHOUT_PAYLOADS),
    );
    expect(unknown.map(({ name }) => name)).toEqual([]);
  });

  it("names no table or column twice, and uses every location", () => {
    const named = [...Object.keys(PAYLOAD_COLUMNS), ...OTHER_COLUMNS];
    const tables = named.map((name) => name.split(".")[0]!);
    expect(tables.filter((table) => table in TABLES_WITHOUT_PAYLOADS)).toEqual([]);
    expect(named.filter((name, index) => named.indexOf(name) !== index)).toEqual([]);
    expect(new Set(Object.values(PAYLOAD_COLUMNS))).toEqual(new Set(ERASURE_PLACES));
  });
});
