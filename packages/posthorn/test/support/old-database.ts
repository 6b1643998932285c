/** Databases of earlier versions, with only the first migrations. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createDatabase, sharedPostgres } from "@posthorn/testkit";
import pg from "pg";
import { MIGRATIONS } from "../../src/store/migrations/list.ts";
import { migrationFor } from "../../src/store/migrations/portable.ts";
import type { StoreLocation } from "../../src/store/open.ts";
import * as postgres from "../../src/store/postgres/migrate.ts";
import { ensurePartitions, PARTITIONED } from "../../src/store/postgres/partitions.ts";
import { onPostgres, temporaryFolder } from "./store.ts";

export const NOW: number = Date.now();

/** The first version with a table for labels of messages. */
export const LABELLED = 21;

export type Row = Readonly<Record<string, unknown>>;
/** Columns of each table, with their types. */
export type Shape = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** A database of an earlier version. */
export interface OldDatabase extends AsyncDisposable {
  readonly location: StoreLocation;
  shape(): Promise<Shape>;
  run(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>;
}

async function sqliteAt(version: number): Promise<OldDatabase> {
  const folder = temporaryFolder();
  const path = join(folder.path, "posthorn.db");
  const db = new DatabaseSync(path);
  db.exec("PRAGMA synchronous = OFF");
  for (const { sql } of MIGRATIONS.slice(0, version)) db.exec(migrationFor("sqlite", sql));
  db.exec(`PRAGMA user_version = ${version}`);
  const run = async (sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> =>
    db.prepare(sql.replaceAll(/\$\d+/g, "?")).all(...(values as (string | number | Uint8Array)[]));
  return {
    location: { kind: "sqlite", path },
    run,
    shape: async () =>
      shapeOf(
        await run(
          `SELECT m.name AS "table", c.name AS "column", c.type AS type FROM sqlite_master m, pragma_table_info(m.name) c
           WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name <> 'schema_version'`,
        ),
      ),
    [Symbol.asyncDispose]: async () => {
      db.close();
      folder[Symbol.dispose]();
    },
  };
}

async function postgresAt(version: number): Promise<OldDatabase> {
  const database = await createDatabase(await sharedPostgres());
  const client = new pg.Client({ connectionString: database.url, options: "-c search_path=posthorn" });
  await client.connect();
  await postgres.prepare(client);
  for (const [index, { name, sql }] of MIGRATIONS.slice(0, version).entries()) {
    await client.query(migrationFor("postgres", sql));
    await client.query("INSERT INTO schema_version VALUES ($1, $2, $3)", [index + 1, name, NOW]);
  }
  const tables = PARTITIONED.filter((table) => table !== "message_label" || version >= LABELLED);
  if (version > 0) await ensurePartitions(client, NOW, NOW, tables);
  const run = async (sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> =>
    (await client.query<Row>(sql, [...values])).rows;
  return {
    location: { kind: "postgres", url: database.url, directUrl: null, connections: 1 },
    run,
    shape: async () =>
      shapeOf(
        await run(
          `SELECT c.relname AS "table", a.attname AS "column", format_type(a.atttypid, NULL) AS type
           FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
           WHERE c.relnamespace = 'posthorn'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
             AND c.relname <> 'schema_version'`,
        ),
      ),
    [Symbol.asyncDispose]: async () => {
      await client.end();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** A database after the first migrations, without a record of checksums. */
export const databaseAt: (version: number) => Promise<OldDatabase> = onPostgres ? postgresAt : sqliteAt;

function shapeOf(rows: readonly Row[]): Shape {
  const tables = new Map<string, Map<string, string>>();
  for (const { table, column, type } of rows) {
    const columns = tables.get(String(table)) ?? new Map<string, string>();
    tables.set(String(table), columns.set(String(column), String(type).toLowerCase()));
  }
  return tables;
}
