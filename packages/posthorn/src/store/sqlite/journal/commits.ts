/**
 * Transactions of the writer thread. Most batches are not committed at once: their statements are written to the commit journal, which is
 * synchronized before anyone learns of the batch, and run in a transaction that stays open. One commit then writes the pages of many batches.
 *
 * The open transaction is committed after a bounded time, after a number of batches, before a batch that is not written to the journal, and
 * before anything that other connections must see. If it fails, its batches are applied again from the journal.
 */
import { randomInt } from "node:crypto";
import { rmSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { applyContent, forgetJournalFile, journalNumber, noteJournalFile, setJournalNumber } from "./apply.ts";
import { entriesOf, journalPath, readJournal } from "./format.ts";
import { JournalFile, type JournalIo } from "./journal-file.ts";
import { LoggedStatements, type Statements } from "./statements.ts";
import { freeBytesOf, rollback, transact } from "./transact.ts";

/** Maximum number of batches in one commit. */
const MAX_ENTRIES = 256;
/**
 * Maximum number of statements in one commit. A delivery to an endpoint of its own changes a page in each of two indexes, so without this bound, the
 * commit of messages with many endpoints each would take long, and more space than {@link MIN_FREE_BYTES}.
 */
const MAX_STATEMENTS = 5000;
/** How long the first of them waits for the commit. */
const OPEN_MS = 1000;
/**
 * Transactions with fewer batches and bytes, ended by a reader, are not worth the journal: reads are about as frequent as batches. After several
 * of them in a row, batches are committed one by one for a while. A background job that reads several times ends fewer.
 */
const FEW_ENTRIES = 4;
const FEW_BYTES = 32 * 1024;
const MAX_SHORT_TRANSACTIONS = 16;
const WITHOUT_JOURNAL_MS = 1000;
/**
 * Free space below which batches are committed one by one. A transaction is opened only if its pages, a fraction of this, will have room: a message
 * that is confirmed can then be read on a full disk too.
 */
const MIN_FREE_BYTES = 64 * 1024 * 1024;
/** Bound of the random number that a database starts with. It leaves room for a thousand commits a second for 280,000 years. */
const FIRST_NUMBER_BELOW = 2 ** 47;

export interface CommitsOptions {
  /** Path of the database; `null`: without a journal, so that each transaction is committed at once. */
  readonly path: string | null;
  readonly io?: JournalIo | undefined;
  /** Free space of the disk. */
  readonly freeBytes?: (path: string) => number;
  /** Milliseconds that never go back; of this process by default. */
  readonly now?: () => number;
}

/** Rows of journaled batches that are not inserted yet. */
export interface Deferred {
  /** Inserts them into the open transaction. */
  applyAll(): void;
  /** Drops them: the open transaction was rolled back. */
  clear(): void;
}

export class Commits {
  readonly #db: DatabaseSync;
  readonly #path: string | null;
  readonly #io: JournalIo | undefined;
  readonly #now: () => number;
  readonly #freeBytes: (path: string) => number;
  readonly #logged: LoggedStatements;
  /** Created with the first small batch; `off` after a failure. */
  #journal: JournalFile | "off" | null = null;
  /** Number of the last transaction that was committed with entries. */
  #number = 0;
  /** Entries of the journal that are not committed. */
  #entries = 0;
  #entryBytes = 0;
  #entryStatements = 0;
  /** The open transaction was rolled back, so the entries are in the journal only. */
  #isLost = false;
  /** The journal may have an entry whose batch was not confirmed by it. The next commit makes it void. */
  #hasRemains = false;
  /** Transactions in a row that a reader ended after a few batches. */
  #shortTransactions = 0;
  /** Until then, batches are committed one by one. */
  #withoutJournalUntil = 0;
  #timer: NodeJS.Timeout | null = null;
  /** Called after a commit of batches that were in the journal. */
  onSettled: () => void = () => undefined;
  deferred: Deferred = { applyAll: () => undefined, clear: () => undefined };

  constructor(db: DatabaseSync, { path, io, now = () => performance.now(), freeBytes = freeBytesOf }: CommitsOptions) {
    this.#db = db;
    this.#path = path;
    this.#io = io;
    this.#now = now;
    this.#freeBytes = freeBytes;
    this.#logged = new LoggedStatements(db);
  }

  /** Prepares the statements that change rows in {@link transact}. */
  get statements(): Statements {
    return this.#logged;
  }

  /** Whether batches are stored that other connections do not see yet. */
  get isOpen(): boolean {
    return this.#entries > 0;
  }

  /** Runs the work as one transaction, which is on disk afterwards. `isJournaled`: other connections may see it later. */
  transact<T>(work: () => T, isJournaled: boolean): T {
    this.recover();
    this.#voidRemains();
    const isLeft = isJournaled && (this.#entries > 0 || this.#mayUseJournal());
    if (!isLeft && this.#entries === 0) return transact(this.#db, work);
    const { log } = this.#logged;
    log.clear();
    const result = this.#run(work, isLeft);
    if (isLeft && (log.length === 0 ? this.#entries > 0 : this.#append())) return result;
    this.#commit();
    return result;
  }

  /** Inserts deferred rows, so that this connection sees every batch. */
  apply(): void {
    this.recover();
    if (this.#entries > 0) this.#run(() => this.deferred.applyAll(), false);
  }

  /** Makes every batch visible to other connections. */
  settle(): void {
    this.recover();
    this.#voidRemains();
    if (this.#entries === 0) return;
    if (this.#isShort) this.#noteShortTransaction();
    this.#commit();
  }

  get #isShort(): boolean {
    return this.#entries < FEW_ENTRIES && this.#entryBytes < FEW_BYTES;
  }

  #noteShortTransaction(): void {
    // If the next transaction after the pause is short too, reads are still frequent.
    this.#shortTransactions = Math.min(this.#shortTransactions + 1, MAX_SHORT_TRANSACTIONS);
    if (this.#shortTransactions === MAX_SHORT_TRANSACTIONS)
      this.#withoutJournalUntil = this.#now() + WITHOUT_JOURNAL_MS;
  }

  /** Applies batches again whose transaction was rolled back. */
  recover(): void {
    // SQLite may have rolled it back, as after some failures of the disk.
    if (this.#entries > 0 && !this.#db.isTransaction) this.#rollback();
    if (!this.#isLost) return;
    rollback(this.#db);
    if (this.#hasTakenEffect()) {
      this.#isLost = false;
      this.#committed();
      return;
    }
    const { statements, bodies } = entriesOf(readJournal(this.#path!) ?? Buffer.alloc(0), this.#number + 1);
    if (bodies.length < this.#entries) {
      throw new Error(`the commit journal has ${bodies.length} of ${this.#entries} batches`);
    }
    applyContent(this.#db, { statements, bodies: bodies.slice(0, this.#entries) }, this.#number + 1);
    this.#isLost = false;
    this.#committed();
  }

  /** Whether a commit reported an error although it took effect. A transaction that is still open has the number too. */
  #hasTakenEffect(): boolean {
    return !this.#db.isTransaction && journalNumber(this.#db) === this.#number + 1;
  }

  /** Overwrites the remains of batches in the journal. */
  overwriteJournal(): void {
    this.settle();
    if (this.#journal instanceof JournalFile) this.#journal.overwrite();
    else this.#removeFile();
  }

  /** Call before the database is closed. Leaves the journal on disk if it has batches that cannot be committed. */
  close(): void {
    this.#stopTimer();
    try {
      this.settle();
      this.#turnOff();
      this.#removeFile();
    } catch {
      // The next start applies them.
      this.#turnOff();
    }
  }

  /** Runs the work in the open transaction, or begins one. */
  #run<T>(work: () => T, isLogging: boolean): T {
    try {
      if (this.#entries === 0) this.#db.exec("BEGIN IMMEDIATE");
      this.#logged.isLogging = isLogging;
      return work();
    } catch (error) {
      this.#rollback();
      throw error;
    } finally {
      this.#logged.isLogging = false;
    }
  }

  /** Writes the batch to the journal. False: it must be committed instead. */
  #append(): boolean {
    const { log } = this.#logged;
    if (!(this.#journal instanceof JournalFile) || this.#entries >= MAX_ENTRIES) return false;
    if (this.#entryStatements + log.count > MAX_STATEMENTS) return false;
    try {
      if (!this.#journal.append(this.#number + 1, log.bytes)) return false;
    } catch {
      // The entry may be on disk nevertheless.
      this.#hasRemains = true;
      this.#turnOff();
      return false;
    }
    this.#entries++;
    this.#entryBytes += log.length;
    this.#entryStatements += log.count;
    this.#timer ??= setTimeout(() => this.#settleLater(), OPEN_MS).unref();
    return true;
  }

  /**
   * Rolls back the open transaction. Its batches are applied from the journal before the next one. A savepoint, which would undo a single batch,
   * makes SQLite copy each page that the batch changes, and batches hardly ever fail.
   */
  #rollback(): void {
    this.#isLost = this.#entries > 0;
    this.deferred.clear();
    rollback(this.#db);
  }

  #commit(): void {
    const isNumbered = this.#entries > 0 || this.#hasRemains;
    try {
      // Otherwise, each of these would be a transaction of its own.
      if (!this.#db.isTransaction) throw new Error("the open transaction was rolled back");
      this.deferred.applyAll();
      if (isNumbered) setJournalNumber(this.#db, this.#number + 1);
      this.#db.exec("COMMIT");
    } catch (error) {
      this.#rollback();
      throw error;
    }
    if (isNumbered) this.#committed();
  }

  /** Voids the entry of a refused batch, so that a restart does not apply it to rows that have changed since. */
  #voidRemains(): void {
    if (!this.#hasRemains || this.#entries > 0) return;
    transact(this.#db, () => setJournalNumber(this.#db, this.#number + 1));
    this.#committed();
  }

  #committed(): void {
    this.#number++;
    if (!this.#isShort) this.#shortTransactions = 0;
    this.#entries = this.#entryBytes = this.#entryStatements = 0;
    this.#hasRemains = false;
    this.#stopTimer();
    if (this.#journal instanceof JournalFile) this.#journal.restart();
    this.onSettled();
  }

  #settleLater(): void {
    this.#timer = null;
    try {
      this.recover();
      if (this.#entries > 0) this.#commit();
    } catch {
      // The next request fails in the same way, or succeeds.
      this.#timer = setTimeout(() => this.#settleLater(), OPEN_MS).unref();
    }
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #mayUseJournal(): boolean {
    return this.#now() >= this.#withoutJournalUntil && this.#isJournalReady();
  }

  /** Whether a transaction can be left open. Creates the journal with the first batch that uses it. */
  #isJournalReady(): boolean {
    if (this.#journal === "off" || this.#path === null || this.#freeBytes(this.#path) < MIN_FREE_BYTES) return false;
    if (this.#journal !== null) return true;
    try {
      this.#number = journalNumber(this.#db) ?? randomInt(FIRST_NUMBER_BELOW);
      this.#journal = JournalFile.create(this.#path, this.#logged.sql, this.#io);
      // Stored after the file is on disk and before its first entry: a start that does not find the file then knows that it was lost.
      transact(this.#db, () => noteJournalFile(this.#db, this.#number));
      return true;
    } catch {
      // As on a full disk. Batches are committed one by one.
      this.#turnOff();
      return false;
    }
  }

  /** Deletes the file, whose batches are on disk, when it is not in use. */
  #removeFile(): void {
    if (this.#path === null) return;
    forgetJournalFile(this.#db);
    rmSync(journalPath(this.#path), { force: true });
  }

  #turnOff(): void {
    if (this.#journal instanceof JournalFile) this.#journal.close();
    this.#journal = "off";
  }
}
