/**
 * Writes a small file next to the database with the length of its write-ahead log, so that the next start can detect
 * whether the log was cut or deleted. SQLite cannot detect that: it accepts a shorter or missing log as complete.
 *
 * The file exists while the server runs and after a crash; a clean stop deletes it. Its figures are lower bounds, because commits are
 * synchronized before they are noted. Therefore it needs no `fsync`, and an outdated copy of it causes no false warning.
 */
import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { readWalSalts } from "./wal-file.ts";

/**
 * Shortest time between two writes of the mark. A write takes 10 to 20 µs, so four per second use less than 0.01 % of the writer
 * thread's time, and commits do not become slower. Commits of the last quarter of a second before a crash are not covered.
 */
const NOTE_EVERY_MS = 250;
/** The mark is written with one write of a fixed size within one sector, so that it is never written partially. */
const NOTE_BYTES = 256;
/** `wal_checkpoint(NOOP)` returns the length of the log without changing anything. Earlier versions of SQLite would start a checkpoint. */
const NOOP_SINCE = [3, 51] as const;

export interface WalMark {
  readonly salts: string | null;
  /** Committed frames in the log. */
  readonly frames: number;
  /** Of these, frames that are also in the database file. */
  readonly checkpointed: number;
  /** State of the database file at that time: see {@link fileState}. */
  readonly file: string;
}

export function markPath(path: string): string {
  return `${path}.wal-mark`;
}

/** Reads the mark of the database at `path`; `null` if it is missing or unreadable. */
export function readWalMark(path: string): WalMark | null {
  try {
    const { salts, frames, checkpointed, file } = JSON.parse(readFileSync(markPath(path), "utf8")) as Partial<WalMark>;
    if (typeof frames !== "number" || typeof checkpointed !== "number" || typeof file !== "string") return null;
    return { salts: salts ?? null, frames, checkpointed, file };
  } catch {
    return null;
  }
}

/**
 * Identifies the database file and its content without opening it, because closing a second file handle in this process would release
 * SQLite's locks. In WAL mode only a checkpoint writes to the file. The state changes when the file is replaced by a backup, and when
 * another program opens, recovers and closes it.
 */
export function fileState(path: string): string {
  const { ino, birthtimeNs, mtimeNs, size } = statSync(path, { bigint: true });
  return [ino, birthtimeNs, mtimeNs, size].join(":");
}

/** Writes the mark of one open database. It stops at the first error, because the database works without a mark. */
export class WalMarker {
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #length: StatementSync;
  readonly #file: number;
  readonly #note = Buffer.alloc(NOTE_BYTES);
  #timer: NodeJS.Timeout | null = null;
  #changed = false;
  #ended = false;

  private constructor(db: DatabaseSync, path: string) {
    this.#db = db;
    this.#path = path;
    this.#length = db.prepare("PRAGMA wal_checkpoint(NOOP)");
    this.#file = openSync(markPath(path), "w", 0o600);
  }

  /** Writes the first mark; {@link changed} updates it. Returns `null` if SQLite is too old or the file cannot be written. */
  static open(db: DatabaseSync, path: string): WalMarker | null {
    try {
      if (!knowsNoop()) {
        rmSync(markPath(path), { force: true });
        return null;
      }
      const marker = new WalMarker(db, path);
      marker.changed();
      return marker;
    } catch {
      return null;
    }
  }

  /** Call after each commit. Updates the mark immediately, or {@link NOTE_EVERY_MS} after the last update. */
  changed(): void {
    this.#changed = true;
    if (this.#timer === null) this.#tick();
  }

  /** Deletes the file. Call before the database is closed, which deletes the log. */
  remove(): void {
    this.#end();
    try {
      rmSync(markPath(this.#path), { force: true });
    } catch {
      // Harmless: the state of the database file will differ from the mark.
    }
  }

  #tick(): void {
    this.#timer = null;
    if (!this.#changed || this.#ended) return;
    // The length cannot be read within a transaction. The call after its end reads it.
    if (this.#db.isTransaction) return;
    try {
      this.#write();
    } catch {
      this.#end();
      return;
    }
    this.#timer = setTimeout(() => this.#tick(), NOTE_EVERY_MS);
    this.#timer.unref();
  }

  #write(): void {
    this.#changed = false;
    // Read the salts first: if another program restarts the log in between, the mark has the old salts and causes no warning.
    const salts = readWalSalts(`${this.#path}-wal`);
    const { log, checkpointed } = this.#length.get() as { log: number; checkpointed: number };
    const mark: WalMark = {
      salts,
      frames: Math.max(0, log),
      checkpointed: Math.max(0, checkpointed),
      file: fileState(this.#path),
    };
    this.#note.fill(" ");
    this.#note.write(`${JSON.stringify(mark)}\n`);
    writeSync(this.#file, this.#note, 0, NOTE_BYTES, 0);
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    closeSync(this.#file);
  }
}

function knowsNoop(): boolean {
  const [major, minor] = (process.versions["sqlite"] ?? "0.0").split(".").map(Number) as [number, number];
  return major > NOOP_SINCE[0] || (major === NOOP_SINCE[0] && minor >= NOOP_SINCE[1]);
}
