/** Lists and runs migrations for the command line. */
import { existsSync } from "node:fs";
import type pg from "pg";
import { StoreError } from "./errors.ts";
import { MIGRATIONS } from "./migrations/list.ts";
import { migrationFor } from "./migrations/portable.ts";
import { type MigrationState, migrationStatesOf } from "./migrations/state.ts";
import type { StoreLocation } from "./open.ts";
import { onOwnClient } from "./postgres/connections.ts";
import * as postgres from "./postgres/migrate.ts";
import { failureOf } from "./sqlite/reader.ts";
import { createFile, openForReading, openForWriting, refuseUnfinishedCopy } from "./sqlite/file.ts";
import { lockFolder } from "./sqlite/folder-lock.ts";
import { applyIntactJournal } from "./sqlite/journal/apply.ts";
import * as sqlite from "./sqlite/migrate.ts";
import { toStoreError as sqliteError } from "./sqlite/thread-client.ts";

/**
 * Lists every migration with whether it was applied, and whether its name and checksum match. Changes nothing. For a file that does not
 * exist, none was applied.
 */
export async function migrationStates(location: StoreLocation): Promise<readonly MigrationState[]> {
  if (location.kind === "postgres") return onPostgres(location, postgres.migrationStates);
  if (!existsSync(location.path)) return migrationStatesOf({ database: "sqlite", version: 0, records: [] });
  return onFile(location.path, openForReading, sqlite.migrationStates);
}

/**
 * Runs the pending migrations and returns them. On PostgreSQL, nodes may keep running, and a second migrating process waits; an SQLite
 * file must not be in use. Throws `schema_too_new` when a later version of Posthorn wrote the database, and `schema_mismatch` when
 * another build did.
 */
export async function runMigrations(location: StoreLocation, now: number): Promise<readonly MigrationState[]> {
  if (location.kind === "postgres") {
    return onPostgres(location, (client) => postgres.prepareDatabase(client, now));
  }
  const { path } = location;
  const lock = lockFolder(path);
  try {
    createFile(path);
    return onFile(path, openForWriting, (db) => {
      applyIntactJournal(db, path);
      return sqlite.migrate(db);
    });
  } finally {
    lock[Symbol.dispose]();
  }
}

/** The SQL of a migration. */
export function migrationSql({ kind }: StoreLocation, { version }: MigrationState): string {
  const migration = MIGRATIONS[version - 1];
  if (migration === undefined) throw new StoreError("storage_failed", `There is no migration ${version}.`);
  return migrationFor(kind, migration.sql).trim();
}

function onPostgres<T>(
  { url, directUrl }: StoreLocation & { readonly kind: "postgres" },
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  // No query timeout: a step over a large table can take long.
  return onOwnClient({ url: directUrl ?? url, use: "schema" }, work, { query_timeout: 0 });
}

function onFile<T>(path: string, open: typeof openForReading, work: (db: ReturnType<typeof open>) => T): T {
  try {
    const db = open(path);
    try {
      refuseUnfinishedCopy(db);
      return work(db);
    } finally {
      db.close();
    }
  } catch (error) {
    throw sqliteError(failureOf(error), path);
  }
}
