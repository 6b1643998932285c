/** An SQLite file with the current schema and no rows, so that tests need not run all migrations. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { migrate } from "../../src/store/sqlite/migrate.ts";

let migrated: Buffer | null = null;

/** Content of the file. */
export function emptyDatabase(): Buffer {
  if (migrated !== null) return migrated;
  const folder = mkdtempSync(join(tmpdir(), "posthorn-empty-"));
  const path = join(folder, "posthorn.db");
  const connection = new DatabaseSync(path);
  connection.exec("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF");
  migrate(connection);
  connection.close();
  migrated = readFileSync(path);
  rmSync(folder, { recursive: true });
  return migrated;
}
