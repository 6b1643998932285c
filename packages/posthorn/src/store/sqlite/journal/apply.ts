/** Applies the entries of a commit journal to its database. */
import { rmSync } from "node:fs";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { StoreError } from "../../errors.ts";
import { hasTable } from "../file.ts";
import { checkMigrations } from "../migrate.ts";
import { entriesOf, type JournalContent, journalPath, readJournal } from "./format.ts";
import { decodeRuns } from "./run-log.ts";

const SQLITE_ERROR = 1;
/** Primary result codes of statements that do not fit the rows or the tables of the database. The others are faults of the disk. */
const MISFITS = new Set([SQLITE_ERROR, 19 /* CONSTRAINT */, 20 /* MISMATCH */]);

/** What {@link applyJournal} found. */
export interface AppliedJournal {
  /** Entries that were applied. */
  readonly entries: number;
  /** `damaged`: confirmed entries cannot be read; `missing`: the file is gone, and may have had some. */
  readonly loss: "damaged" | "missing" | null;
}

/**
 * Applies the entries that a crash has left in the journal of the database at `path`, in one transaction. Must be called before the schema is
 * migrated and before anything reads. Does nothing when the entries were applied before, or belong to another state of the database. A damaged
 * journal is removed, so its loss is returned once.
 */
export function applyJournal(db: DatabaseSync, path: string): AppliedJournal {
  const bytes = readJournal(path);
  if (bytes === null && hasJournalFile(db)) {
    forgetJournalFile(db);
    return { entries: 0, loss: "missing" };
  }
  const number = bytes === null ? null : journalNumber(db);
  if (number === null) return { entries: 0, loss: null };
  checkMigrations(db);
  const content = entriesOf(bytes!, number + 1);
  try {
    applyContent(db, content, number + 1);
  } catch (cause) {
    throw MISFITS.has(((cause as { errcode?: number }).errcode ?? SQLITE_ERROR) & 0xff)
      ? doesNotFit(path, cause)
      : cause;
  }
  if (content.isDamaged) discard(db, path, number + 1);
  return { entries: content.bodies.length, loss: content.isDamaged ? "damaged" : null };
}

/** Removes a damaged journal, so that the next start does not report its loss again. The entries that can be read must have been applied. */
function discard(db: DatabaseSync, path: string, number: number): void {
  try {
    setJournalNumber(db, number);
    forgetJournalFile(db);
    rmSync(journalPath(path), { force: true });
  } catch {
    // As on a full disk. This start reports the loss nevertheless, and the next one does so again.
  }
}

/** Like {@link applyJournal}, for programs that cannot report a loss as the server does. Throws `storage_corrupt` and changes nothing. */
export function applyIntactJournal(db: DatabaseSync, path: string): void {
  const bytes = readJournal(path);
  const number = bytes === null ? null : journalNumber(db);
  const isDamaged = number !== null && entriesOf(bytes!, number + 1).isDamaged;
  if (isDamaged || (bytes === null && hasJournalFile(db))) {
    throw new StoreError(
      "storage_corrupt",
      `The commit journal ${journalPath(path)} is ${isDamaged ? "damaged" : "missing"}. Start the server, which stores what can be read of it and reports the rest.`,
    );
  }
  applyJournal(db, path);
}

/** Applies entries, and stores that the transaction with this number was applied. */
export function applyContent(
  db: DatabaseSync,
  { statements, bodies }: Omit<JournalContent, "isDamaged">,
  number: number,
): void {
  if (bodies.length === 0) return;
  db.exec("BEGIN IMMEDIATE");
  try {
    runBodies(db, statements, bodies);
    setJournalNumber(db, number);
    db.exec("COMMIT");
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

function runBodies(db: DatabaseSync, statements: readonly string[], bodies: readonly Buffer[]): void {
  const prepared = new Map<number, StatementSync>();
  for (const body of bodies) {
    for (const { statement, values } of decodeRuns(body)) {
      let found = prepared.get(statement);
      if (found === undefined) {
        const sql = statements[statement];
        if (sql === undefined)
          throw new StoreError("storage_corrupt", `The commit journal has no statement ${statement}.`);
        prepared.set(statement, (found = db.prepare(sql)));
      }
      found.run(...values);
    }
  }
}

/** Number of the last transaction whose entries were applied; `null`: the database never had a journal. */
export function journalNumber(db: DatabaseSync): number | null {
  if (!hasTable(db, "commit_journal")) return null;
  const row = db.prepare("SELECT number FROM commit_journal WHERE id = 1").get() as { number: number } | undefined;
  return row?.number ?? null;
}

/** Stores the number in the transaction that is open. */
export function setJournalNumber(db: DatabaseSync, number: number): void {
  db.prepare(
    "INSERT INTO commit_journal (id, number) VALUES (1, ?) ON CONFLICT DO UPDATE SET number = excluded.number",
  ).run(number);
}

/** Whether the journal exists as a file, by what the database has stored. False in databases of versions that did not store it. */
export function hasJournalFile(db: DatabaseSync): boolean {
  if (!hasTable(db, "commit_journal")) return false;
  const row = db.prepare("SELECT * FROM commit_journal WHERE id = 1").get() as { has_file?: number } | undefined;
  return row?.has_file === 1;
}

/** Stores the number, and that the file exists. It must be on disk. */
export function noteJournalFile(db: DatabaseSync, number: number): void {
  db.prepare(
    "INSERT INTO commit_journal (id, number, has_file) VALUES (1, ?, 1) ON CONFLICT DO UPDATE SET number = excluded.number, has_file = 1",
  ).run(number);
}

/** Stores that there is no file, so that a start without it reports nothing. Call before it is deleted. */
export function forgetJournalFile(db: DatabaseSync): void {
  if (hasJournalFile(db)) db.exec("UPDATE commit_journal SET has_file = 0");
}

function doesNotFit(path: string, cause: unknown): StoreError {
  return new StoreError(
    "storage_corrupt",
    `The commit journal ${journalPath(path)} does not fit the database, which another program may have changed: ${(cause as Error).message}. Move the journal away to start without the last second of messages and outcomes, or restore a backup.`,
    { cause },
  );
}
