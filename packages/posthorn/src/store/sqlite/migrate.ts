/** Migrates a database file to the schema of this version: forward only, each step in its own transaction. */
import type { DatabaseSync } from "node:sqlite";
import { CHECKSUMS_SINCE, migrationChecksum, MIGRATIONS } from "../migrations/list.ts";
import { migrationFor } from "../migrations/portable.ts";
import {
  type MigrationHistory,
  type MigrationRecord,
  type MigrationState,
  migrationStatesOf,
  requireSameMigrations,
} from "../migrations/state.ts";
import { EMPTY_SCHEMA } from "./empty-schema.generated.ts";
import { hasTable } from "./file.ts";
import { requireTablesOfVersion } from "./unrecorded.ts";

/**
 * Runs the pending migrations and returns them. Throws `schema_too_new` when a later version of Posthorn wrote the file, and
 * `schema_mismatch` when its migrations differ from those of this version.
 */
export function migrate(db: DatabaseSync): readonly MigrationState[] {
  const states = checkMigrations(db);
  const missing = states.filter(({ applied }) => !applied);
  const created = isEmpty(db) ? createSchema(db) : 0;
  for (const { version } of missing.slice(created)) {
    inTransaction(db, () => {
      db.exec(migrationFor("sqlite", MIGRATIONS[version - 1]!.sql));
      if (version >= CHECKSUMS_SINCE) recordUpTo(db, version);
      db.exec(`PRAGMA user_version = ${version}`);
    });
  }
  if (missing.length === 0 && states.some(({ record }) => record === "unrecorded")) {
    inTransaction(db, () => recordUpTo(db, states.length));
  }
  return missing.map((state) => ({ ...state, applied: true, record: "matches" }));
}

function isEmpty(db: DatabaseSync): boolean {
  return schemaVersion(db) === 0 && db.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined;
}

/** Creates the schema of an empty file in one step, which takes a twentieth of the time of its migrations. Returns their number. */
function createSchema(db: DatabaseSync): number {
  const { version, statements } = EMPTY_SCHEMA;
  inTransaction(db, () => {
    for (const sql of statements) db.exec(sql);
    recordUpTo(db, version);
    db.exec(`PRAGMA user_version = ${version}`);
  });
  return version;
}

/** Compares the migrations of a file with those of this version. Throws the same errors as {@link migrate} and changes nothing. */
export function checkMigrations(db: DatabaseSync): readonly MigrationState[] {
  const history = historyOf(db);
  const states = migrationStatesOf(history);
  requireSameMigrations(states);
  if (history.version > 0 && history.records.length === 0) requireTablesOfVersion(db, history.version);
  return states;
}

/** Lists every migration with whether it was applied. Files do not record when. Changes nothing. */
export function migrationStates(db: DatabaseSync): readonly MigrationState[] {
  return migrationStatesOf(historyOf(db));
}

/** Number of migrations that were applied to a file. */
export function schemaVersion(db: DatabaseSync): number {
  const { user_version: version } = db.prepare("PRAGMA user_version").get() as { user_version: number };
  return version;
}

function historyOf(db: DatabaseSync): MigrationHistory {
  const version = schemaVersion(db);
  if (!hasTable(db, "schema_version")) return { database: "sqlite", version, records: [] };
  const rows = db.prepare("SELECT version, name, checksum FROM schema_version ORDER BY version").all();
  const records = (rows as unknown as Omit<MigrationRecord, "appliedAt">[]).map((row) => ({ ...row, appliedAt: null }));
  return { database: "sqlite", version, records };
}

/** Records the migrations up to a version that have no record yet. */
function recordUpTo(db: DatabaseSync, version: number): void {
  const insert = db.prepare("INSERT INTO schema_version VALUES (?, ?, ?) ON CONFLICT DO NOTHING");
  for (const [index, { name }] of MIGRATIONS.slice(0, version).entries()) {
    insert.run(index + 1, name, migrationChecksum("sqlite", index + 1));
  }
}

function inTransaction(db: DatabaseSync, work: () => void): void {
  db.exec("BEGIN IMMEDIATE");
  try {
    work();
    db.exec("COMMIT");
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}
