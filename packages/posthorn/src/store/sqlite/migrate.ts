/** Brings a database file to the schema of this version: forward only, each step in its own transaction. */
import type { DatabaseSync } from "node:sqlite";
import { StoreError } from "../errors.ts";
import { initial } from "./migrations/001-initial.ts";
import { engine } from "./migrations/002-engine.ts";
import { health } from "./migrations/005-health.ts";
import { filters } from "./migrations/006-filters.ts";
import { replay } from "./migrations/007-replay.ts";
import { messages } from "./migrations/008-messages.ts";
import { sources } from "./migrations/009-sources.ts";
import { sourceWatch } from "./migrations/020-source-watch.ts";

/** In order; the place in this list plus one is the version. A released migration never changes. */
const MIGRATIONS: readonly string[] = [initial, engine, health, filters, replay, messages, sources, sourceWatch];

export const SCHEMA_VERSION = MIGRATIONS.length;

/** Runs what is missing. Throws `schema_too_new` when a later version of Posthorn wrote the file. */
export function migrate(db: DatabaseSync): void {
  const { user_version: found } = db.prepare("PRAGMA user_version").get() as { user_version: number };
  if (found > SCHEMA_VERSION) {
    throw new StoreError(
      "schema_too_new",
      `The database was written by a newer Posthorn (schema ${found}, this version knows ${SCHEMA_VERSION}). Start that version, or restore the backup made before the upgrade.`,
    );
  }
  for (let version = found + 1; version <= SCHEMA_VERSION; version++) {
    db.exec("BEGIN IMMEDIATE");
    try {
      db.exec(MIGRATIONS[version - 1]!);
      db.exec(`PRAGMA user_version = ${version}`);
      db.exec("COMMIT");
    } catch (error) {
      db.exec("ROLLBACK");
      throw error;
    }
  }
}
