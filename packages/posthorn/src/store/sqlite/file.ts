/** Opens database files with the settings that all connections need. */
import { closeSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { COPYING } from "../copy/tables.ts";
import { copyUnfinished, StoreError } from "../errors.ts";

/** Creates the file if it is missing, since SQLite would make it readable for everybody. SQLite gives its other files the same mode. */
export function createFile(path: string): void {
  try {
    closeSync(openSync(path, "a", 0o600));
  } catch (cause) {
    throw folderError(path, cause);
  }
}

const REASON: Readonly<Record<string, string>> = {
  EROFS: "it is on a read-only file system",
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
  ENOTDIR: "a part of the path is a file",
  EISDIR: "the database is a folder",
  EMFILE: "this process has too many files open (see ulimit -n)",
  ENFILE: "the system has too many files open",
};

/** Error for a data folder that cannot be used: `storage_full` when the disk is full, `storage_failed` otherwise. Names the folder and the fix. */
export function folderError(path: string, cause: unknown): StoreError {
  const { code = "", errcode = 0, message } = cause as { code?: string; errcode?: number; message: string };
  const folder = dirname(path);
  if (code === "ENOSPC" || (errcode & 0xff) === SQLITE_FULL) {
    return new StoreError("storage_full", `The disk of ${folder} is full. Free some space.`, {
      cause,
      refusesWrites: true,
    });
  }
  return new StoreError(
    "storage_failed",
    `The data folder ${folder} cannot be used: ${REASON[code] ?? message}. Make it writable, or set another folder (POSTHORN_DATA_DIR).`,
    { cause },
  );
}

const SQLITE_FULL = 13;

export function openForWriting(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  // auto_vacuum must be set before the first table is created. Retention needs it to return pages to the disk.
  db.exec("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  // Rows are added at the end of tables and indexes, so a larger cache keeps pages that are not read again: see decision 183.
  db.exec("PRAGMA busy_timeout = 5000; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY");
  db.exec("PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864");
  // Overwrites deleted rows in pages that are written anyway. See `FreeSpace` for the others.
  db.exec("PRAGMA secure_delete = FAST");
  return db;
}

export function openForReading(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { readOnly: true });
  db.exec("PRAGMA busy_timeout = 5000; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY");
  return db;
}

/** Throws `copy_unfinished` when the file is the target of an unfinished copy. */
export function refuseUnfinishedCopy(db: DatabaseSync): void {
  if (hasTable(db, COPYING)) throw copyUnfinished();
}

/** Where a restore builds the database that will be at `path`. */
export function restoringPath(path: string): string {
  return `${path}.restoring`;
}

export function hasTable(db: DatabaseSync, name: string): boolean {
  return db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(name) !== undefined;
}
