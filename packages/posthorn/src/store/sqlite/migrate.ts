/** Brings a database file to the schema of this version: forward only, each step in its own transaction. */
import type { DatabaseSync } from "node:sqlite";
import { schemaTooNew } from "../errors.ts";
import { MIGRATIONS, SCHEMA_VERSION } from "../migrations/list.ts";
import { migrationFor } from "../migrations/portable.ts";
import { type MigrationState, statesBy } from "../migrations/state.ts";

/** Runs what is missing, and returns it. Throws `schema_too_new` when a later version of Posthorn wrote the file. */
export function migrate(db: DatabaseSync): readonly MigrationState[] {
  const missing = migrationStates(db).filter(({ applied }) => !applied);
  for (const { version } of missing) {
    db.exec("BEGIN IMMEDIATE");
    try {
      db.exec(migrationFor("sqlite", MIGRATIONS[version - 1]!.sql));
      db.exec(`PRAGMA user_version = ${version}`);
      db.exec("COMMIT");
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
  }
  return missing.map((state) => ({ ...state, applied: true }));
}

/** What was done to a file and what is left to do; it does not keep when. Changes nothing. */
export function migrationStates(db: DatabaseSync): readonly MigrationState[] {
  const found = schemaVersion(db);
  if (found > SCHEMA_VERSION) throw schemaTooNew(found, SCHEMA_VERSION);
  return statesBy((version) => (version <= found ? null : undefined));
}

/** How many migrations a file has seen. */
export function schemaVersion(db: DatabaseSync): number {
  const { user_version: version } = db.prepare("PRAGMA user_version").get() as { user_version: number };
  return version;
}
