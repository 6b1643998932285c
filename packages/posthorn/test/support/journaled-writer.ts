/** A writer connection with a commit journal, without a thread. Copies its files at each step, as `kill -9` at that moment would leave them. */
import { copyFileSync, existsSync, fdatasyncSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Outcome } from "../../src/store/delivery.ts";
import type { Cell } from "../../src/store/hot-columns.ts";
import { writerOn } from "../../src/store/sqlite/connection.ts";
import { openWriter } from "../../src/store/sqlite/open-writer.ts";
import { Commits, type CommitsOptions } from "../../src/store/sqlite/journal/commits.ts";
import { journalPath } from "../../src/store/sqlite/journal/format.ts";
import type { JournalIo } from "../../src/store/sqlite/journal/journal-file.ts";
import { type BatchResult, encodeAccept, RecordWriter } from "../../src/store/sqlite/protocol.ts";
import type { Handler } from "../../src/store/sqlite/reader.ts";
import type { WalLoss } from "../../src/store/sqlite/wal-loss.ts";
import type { AcceptEntry } from "../../src/store/store.ts";
import { emptyDatabase } from "./empty-database.ts";

/** Called before and after each statement that begins or ends a transaction and each system call on the journal, and before each insert. */
export type OnStep = (step: string) => void;

class SteppedDatabase extends DatabaseSync {
  onStep: OnStep = () => undefined;

  override exec(sql: string): void {
    this.onStep(`before ${sql}`);
    super.exec(sql);
    this.onStep(`after ${sql}`);
  }

  override prepare(sql: string): StatementSync {
    const statement = super.prepare(sql);
    const [insert] = /INSERT INTO \w+/.exec(sql) ?? [];
    if (insert === undefined) return statement;
    for (const method of ["run", "get"] as const) {
      const original = statement[method].bind(statement) as (...values: unknown[]) => never;
      statement[method] = (...values: unknown[]) => {
        this.onStep(`before ${insert}`);
        return original(...values);
      };
    }
    return statement;
  }
}

export interface JournaledWriter extends Disposable {
  readonly db: DatabaseSync;
  readonly handle: Handler;
  readonly commits: Commits;
}

/** Opens the writer of a new database in the folder. */
export function openJournaledWriter(
  folder: string,
  onStep: OnStep = () => undefined,
  { now = hurrying(), freeBytes }: Pick<CommitsOptions, "now" | "freeBytes"> = {},
): JournaledWriter {
  const path = join(folder, "posthorn.db");
  writeFileSync(path, emptyDatabase(), { mode: 0o600 });
  const db = new SteppedDatabase(path);
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  db.onStep = onStep;
  const io: JournalIo = {
    write: (file, bytes, at) => {
      onStep("before write");
      // A process can end while it writes.
      const half = bytes.length >> 1;
      writeSync(file, bytes, 0, half, at);
      onStep("within write");
      writeSync(file, bytes, half, bytes.length - half, at + half);
      onStep("after write");
    },
    sync: (file) => {
      fdatasyncSync(file);
      onStep("after sync");
    },
  };
  const commits = new Commits(db, { path, io, now, ...(freeBytes === undefined ? {} : { freeBytes }) });
  return { db, commits, handle: writerOn(db, commits), [Symbol.dispose]: () => db.isOpen && db.close() };
}

/** A clock that advances an hour at each reading, so that batches that readers interrupt are in the journal too. */
function hurrying(): () => number {
  let now = 0;
  return () => (now += 3_600_000);
}

/** Copies the files of the database in their current state. */
export function copyFiles(from: string, to: string): void {
  for (const name of ["posthorn.db", "posthorn.db-wal", "posthorn.db.journal"]) {
    if (existsSync(join(from, name))) copyFileSync(join(from, name), join(to, name));
  }
}

export interface Recovered {
  readonly messages: readonly number[];
  /** Messages whose outcome was recorded. */
  readonly delivered: readonly number[];
  readonly attempts: number;
  readonly integrity: string;
  readonly losses: readonly WalLoss[];
}

/** Starts a writer on the files in the folder, as after a crash, and returns what is stored. */
export function recover(folder: string): Recovered {
  const path = join(folder, "posthorn.db");
  const losses: WalLoss[] = [];
  const handle = openWriter({ path, role: "writer", maxPages: null }, (loss) => losses.push(loss));
  try {
    using db = new DatabaseSync(path, { readOnly: true });
    const numbers = (sql: string): number[] =>
      db
        .prepare(sql)
        .all()
        .map((row) => Number(row["id"]));
    return {
      messages: numbers("SELECT id FROM message ORDER BY id"),
      delivered: numbers("SELECT message_id AS id FROM delivery WHERE state = 1 ORDER BY 1"),
      attempts: numbers("SELECT id FROM attempt").length,
      integrity: String(db.prepare("PRAGMA integrity_check").get()!["integrity_check"]),
      losses,
    };
  } finally {
    handle({ op: "close" });
  }
}

/** Commits messages and outcomes as one batch. */
export function commitBatch(
  handle: Handler,
  accepts: readonly AcceptEntry[],
  records: readonly Outcome[] = [],
): BatchResult {
  const acceptCells: Cell[] = [];
  const written = new RecordWriter();
  for (const entry of accepts) encodeAccept(acceptCells, entry);
  for (const entry of records) written.add(entry);
  const payloads = Buffer.concat(accepts.map(({ payload }) => payload));
  return handle({ op: "batch", batch: { accepts: acceptCells, payloads, records: written.cells } }) as BatchResult;
}

export function journalIn(folder: string): string {
  return journalPath(join(folder, "posthorn.db"));
}
