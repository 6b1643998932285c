/** Backup and restore of a SQLite file. */
import {
  closeSync,
  existsSync,
  linkSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
  fsyncSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { StoreError } from "../errors.ts";
import { migrationChecksum } from "../migrations/list.ts";
import { failureOf } from "../sqlite/reader.ts";
import {
  createFile,
  hasTable,
  openForReading,
  openForWriting,
  refuseUnfinishedCopy,
  restoringPath,
} from "../sqlite/file.ts";
import { lockFolder } from "../sqlite/folder-lock.ts";
import { applyContent, forgetJournalFile, journalNumber } from "../sqlite/journal/apply.ts";
import { entriesOf, journalPath, readJournal } from "../sqlite/journal/format.ts";
import { checkMigrations, migrate } from "../sqlite/migrate.ts";
import { toStoreError } from "../sqlite/thread-client.ts";
import { type BackupFolder, cannotWrite, syncPath } from "./folder.ts";
import type { BackupContent, BackupKey, Manifest } from "./manifest.ts";
import { afterRestore, KEYS_OF_BACKUP, type KeyOfBackup, toBackupKey } from "./rows.ts";
import { type Pace, requireSameCounts } from "./pace.ts";

/** Name of the database in the backup. */
export const SQLITE_FILE = "posthorn.db";
/** Pages per step. The server can write between two steps. */
const STEP_PAGES = 256;
const STEP_BYTES = 1024 * 1024;

/**
 * Copies the database into the folder while servers use it. The copy is the state of one moment: the connection reads one snapshot, and changes
 * of other connections stay in the write-ahead log meanwhile.
 */
export async function backupSqlite(path: string, folder: BackupFolder, pace: Pace): Promise<BackupContent> {
  if (!existsSync(path)) throw new StoreError("backup_refused", `There is no database at ${path}.`);
  folder.requireSpace(statSync(path).size);
  const copy = join(folder.path, SQLITE_FILE);
  createFile(copy);
  const at = Date.now();
  // Read before the snapshot: a transaction of the journal that the snapshot lacks is in these bytes.
  const journal = readJournal(path);
  const db = translating(path, () => openForReading(path));
  try {
    const migrations = translating(path, () => beginSnapshot(db));
    const { page_size: pageSize } = db.prepare("PRAGMA page_size").get() as { page_size: number };
    await backup(db, copy, {
      rate: STEP_PAGES,
      progress: ({ totalPages, remainingPages }) =>
        pace.reached((totalPages - remainingPages) * pageSize, totalPages * pageSize),
    }).catch((cause: unknown) => {
      throw cannotWrite(dirname(copy), cause);
    });
    db.exec("COMMIT");
    return { at, migrations, ...describe(copy, journal) };
  } finally {
    db.close();
  }
}

/** Begins to read a snapshot, and returns its migrations. */
function beginSnapshot(db: DatabaseSync): BackupContent["migrations"] {
  db.exec("BEGIN");
  refuseUnfinishedCopy(db);
  const applied = checkMigrations(db).filter((state) => state.applied);
  if (applied.length === 0) throw new StoreError("backup_refused", "The database contains no data of Posthorn.");
  return applied.map(({ name, version }) => ({ name, checksum: migrationChecksum("sqlite", version) }));
}

/** Makes the copy one file without a write-ahead log and a journal, and counts its rows. */
function describe(copy: string, journal: Buffer | null): Omit<BackupContent, "at" | "migrations"> {
  return translating(copy, () => {
    using db = new DatabaseSync(copy);
    const number = journal === null ? null : journalNumber(db);
    if (number !== null) applyContent(db, entriesOf(journal!, number + 1), number + 1);
    forgetJournalFile(db);
    db.exec("PRAGMA journal_mode = DELETE");
    const { version } = db.prepare("SELECT sqlite_version() AS version").get() as { version: string };
    return { database: "sqlite", databaseVersion: version, tables: countRows(db), keys: keysOf(db) };
  });
}

function countRows(db: DatabaseSync): Record<string, number> {
  const names = db
    .prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    )
    .all() as { name: string }[];
  const count = (name: string): number => Number(db.prepare(`SELECT count(*) AS rows FROM ${name}`).get()!["rows"]);
  return Object.fromEntries(names.map(({ name }) => [name, count(name)]));
}

function keysOf(db: DatabaseSync): readonly BackupKey[] {
  if (!hasTable(db, "encryption_key")) return [];
  return (db.prepare(KEYS_OF_BACKUP).all() as unknown as KeyOfBackup[]).map(toBackupKey);
}

/** Checks the structure of the database in a backup. Throws `backup_invalid` if it is damaged. */
export function checkSqlite(folder: string): void {
  const path = join(folder, SQLITE_FILE);
  translating(path, () => {
    using db = new DatabaseSync(path, { readOnly: true });
    const { quick_check: found } = db.prepare("PRAGMA quick_check(1)").get() as { quick_check: string };
    if (found !== "ok") throw new StoreError("backup_invalid", `The backup ${folder} is damaged: ${found}.`);
  });
}

export interface RestoreOptions {
  readonly folder: string;
  readonly manifest: Manifest;
  /** Replaces a database that has data. */
  readonly replaces: boolean;
  readonly pace: Pace;
}

/**
 * Restores the database in a backup to a path. Until it is complete, no server starts there, and a database that is replaced is unchanged.
 * Returns the path to which that database was moved; `null`: there was none.
 */
export function restoreSqlite(path: string, { folder, manifest, replaces, pace }: RestoreOptions): string | null {
  using stack = new DisposableStack();
  stack.use(lockFolder(path, { evenIfRestoring: true }));
  const isReplaced = hasContent(path);
  if (isReplaced && !replaces) {
    throw new StoreError(
      "restore_refused",
      `${path} is a database with data. Set an empty data folder (POSTHORN_DATA_DIR), or use --replace: it moves this database aside and puts the backup in its place.`,
    );
  }
  const restored = restoringPath(path);
  removeDatabase(restored);
  try {
    copyPaced(join(folder, SQLITE_FILE), restored, pace);
    finish(restored, manifest);
  } catch (error) {
    removeDatabase(restored);
    throw error;
  }
  const aside = isReplaced ? moveAside(path) : null;
  renameSync(restored, path);
  syncPath(dirname(path));
  return aside;
}

/** Brings the copied database to the schema of this version, with paused deliveries. */
function finish(restored: string, manifest: Manifest): void {
  translating(restored, () => {
    using db = openForWriting(restored);
    requireSameCounts(manifest, countRows(db));
    migrate(db);
    db.exec("BEGIN IMMEDIATE");
    for (const sql of afterRestore("sqlite", Date.now(), Date.parse(manifest.at))) db.exec(sql);
    db.exec("COMMIT");
    db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  });
  for (const ending of ["-wal", "-shm"]) rmSync(`${restored}${ending}`, { force: true });
  syncPath(restored);
}

/** Whether the file has tables. A server creates an empty file before its tables. */
function hasContent(path: string): boolean {
  return existsSync(path) && statSync(path).size > 0;
}

/** Gives the old database another name, with the changes in its log. It also keeps its old name until the restored one takes its place. */
function moveAside(path: string): string {
  const aside = `${path}.replaced-${new Date().toISOString().replaceAll(/[:.]/g, "-")}`;
  linkSync(path, aside);
  // The restored database must not be opened with the log and the journal of the old one. A server that starts before the end reports that the
  // log is missing.
  if (existsSync(`${path}-wal`)) renameSync(`${path}-wal`, `${aside}-wal`);
  if (existsSync(journalPath(path))) renameSync(journalPath(path), journalPath(aside));
  rmSync(`${path}-shm`, { force: true });
  return aside;
}

function removeDatabase(path: string): void {
  for (const file of [path, `${path}-wal`, `${path}-shm`, journalPath(path)]) rmSync(file, { force: true });
}

function copyPaced(from: string, to: string, pace: Pace): void {
  const total = statSync(from).size;
  try {
    const { bavail, bsize } = statfsSync(dirname(to));
    if (bavail * bsize < total) throw Object.assign(new Error("no space"), { code: "ENOSPC" });
    createFile(to);
    const [source, target] = [openSync(from, "r"), openSync(to, "r+")];
    try {
      const piece = Buffer.allocUnsafe(STEP_BYTES);
      for (let done = 0, read = readSync(source, piece); read > 0; read = readSync(source, piece)) {
        writeWhole(target, piece.subarray(0, read));
        done += read;
        pace.reached(done, total);
      }
      fsyncSync(target);
    } finally {
      closeSync(source);
      closeSync(target);
    }
  } catch (cause) {
    throw cannotRestore(dirname(to), cause);
  }
}

function writeWhole(file: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
}

function cannotRestore(folder: string, cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  return code === "ENOSPC" || code === "EDQUOT"
    ? new StoreError(
        "storage_full",
        `The disk of ${folder} has too little space for the restored database. Free some space.`,
        { cause },
      )
    : new StoreError("restore_refused", `The database cannot be written to ${folder}: ${message}.`, { cause });
}

function translating<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toStoreError(failureOf(error), path);
  }
}
