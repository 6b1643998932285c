/** Opens database files, with the settings that all who write to them share. */
import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { COPYING } from "../copy/tables.ts";
import { copyUnfinished } from "../errors.ts";

/** Makes the file where there is none: SQLite would make it readable for everybody. The files beside it get the mode of this one. */
export function createFile(path: string): void {
  closeSync(openSync(path, "a", 0o600));
}

export function openForWriting(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  // auto_vacuum must be set before the first table is made; it lets retention give pages back to the disk.
  db.exec("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  db.exec("PRAGMA busy_timeout = 5000; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY");
  db.exec("PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864");
  return db;
}

export function openForReading(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { readOnly: true });
  db.exec("PRAGMA busy_timeout = 5000; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY");
  return db;
}

/** Throws `copy_unfinished` when the file is half of a copy. */
export function refuseHalfCopy(db: DatabaseSync): void {
  if (hasTable(db, COPYING)) throw copyUnfinished();
}

export function hasTable(db: DatabaseSync, name: string): boolean {
  return db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(name) !== undefined;
}
