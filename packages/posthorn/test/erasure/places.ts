/** Finds a text in everything that a node stores. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sql } from "kysely";
import type { Store } from "../../src/store/store.ts";

const TABLES = {
  sqlite: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
  postgres: `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'posthorn' AND c.relkind IN ('r', 'p') AND NOT c.relispartition`,
};

/** Columns with a row that contains one of the texts, as `table.column`. */
export async function columnsWith(store: Store, texts: readonly string[]): Promise<readonly string[]> {
  const kind = store.cluster === null ? "sqlite" : "postgres";
  const { rows: tables } = await sql<{ name: string }>`${sql.raw(TABLES[kind])}`.execute(store.db);
  const found = new Set<string>();
  for (const { name } of tables) {
    const { rows } = await sql<Record<string, unknown>>`SELECT * FROM ${sql.table(name)}`.execute(store.db);
    for (const row of rows) {
      for (const [column, value] of Object.entries(row)) {
        const text = value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : String(value);
        if (texts.some((one) => text.includes(one))) found.add(`${name}.${column}`);
      }
    }
  }
  return [...found].toSorted();
}

/** Files of a folder, at any depth, that contain one of the texts. */
export function filesWith(folder: string, texts: readonly string[]): readonly string[] {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  return names
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => {
      const bytes = readFileSync(path);
      return texts.some((text) => bytes.includes(text));
    });
}
