/** Brings a database file to the schema of this version: forward only, each step in its own transaction. */
import type { DatabaseSync } from "node:sqlite";
import { schemaTooNew } from "../errors.ts";
import { MIGRATIONS, SCHEMA_VERSION } from "../migrations/list.ts";
import { migrationFor } from "../migrations/portable.ts";

/** Runs what is missing. Throws `schema_too_new` when a later version of Posthorn wrote the file. */
export function migrate(db: DatabaseSync): void {
  const found = schemaVersion(db);
  if (found > SCHEMA_VERSION) throw schemaTooNew(found, SCHEMA_VERSION);
  for (let version = found + 1; version <= SCHEMA_VERSION; version++) {
    db.exec("BEGIN IMMEDIATE");
    try {
      db.exec(migrationFor("sqlite", MIGRATIONS[version - 1]!.sql));
      db.exec(`PRAGMA user_version = ${version}`);
      db.exec("COMMIT");
    } catch (error) {
      db.exec("ROLLBACK");
      throw error;
    }
  }
}

/** How many migrations a file has seen. */
export function schemaVersion(db: DatabaseSync): number {
  const { user_version: version } = db.prepare("PRAGMA user_version").get() as { user_version: number };
  return version;
}
