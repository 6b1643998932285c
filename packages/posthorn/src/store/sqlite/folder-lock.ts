/**
 * Locks a data folder against a second process. The lock is an open transaction on a small separate database. The operating system
 * releases it when the process ends for any reason, so a stale lock file cannot prevent a start.
 */
import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { restoreUnfinished, StoreError } from "../errors.ts";
import { folderError, restoringPath } from "./file.ts";

const SQLITE_BUSY = 5;

/**
 * Takes the lock next to the database at `path`. Throws `data_folder_in_use` when another process has it, and `restore_unfinished` after an
 * interrupted restore, unless `evenIfRestoring` is set.
 */
export function lockFolder(path: string, { evenIfRestoring = false } = {}): Disposable {
  const lock = openLock(path);
  try {
    lock.exec("PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE");
  } catch (cause) {
    lock.close();
    if ((cause as { errcode?: number }).errcode !== SQLITE_BUSY) throw folderError(path, cause);
    throw new StoreError(
      "data_folder_in_use",
      `Another Posthorn process uses ${path}. Stop it, or set a separate data folder for this process (POSTHORN_DATA_DIR).`,
      { cause },
    );
  }
  if (!evenIfRestoring && existsSync(restoringPath(path))) {
    lock.close();
    throw restoreUnfinished();
  }
  return {
    [Symbol.dispose]: () => {
      if (lock.isOpen) lock.close();
    },
  };
}

function openLock(path: string): DatabaseSync {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return new DatabaseSync(`${path}.lock`);
  } catch (cause) {
    throw folderError(path, cause);
  }
}
