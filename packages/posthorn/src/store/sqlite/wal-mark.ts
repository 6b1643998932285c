/**
 * Keeps a small file beside the database that says how long its write-ahead log is, so that the next start can tell whether a log was
 * cut or deleted. SQLite itself cannot: it treats a shorter log, or none, as one that holds nothing more.
 *
 * The file exists while the server runs and after a crash; a clean stop deletes it. Its figures are lower bounds: commits are
 * synchronised before they are noted. So it needs no `fsync` of its own, and a copy of it that is out of date warns of nothing.
 */
import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { readWalSalts } from "./wal-file.ts";

/**
 * Least time between two notes. A note takes 10 to 20 µs, so that four of them a second are less than 0.01 % of the time of the
 * writer thread, while a commit costs the same as without them. Commits of the last
 * quarter of a second before a crash are not covered.
 */
const NOTE_EVERY_MS = 250;
/** A note is one write of a fixed size within one sector, so that it is there as a whole or not at all. */
const NOTE_BYTES = 256;
/** `wal_checkpoint(NOOP)` says how long the log is and changes nothing. Earlier versions of SQLite would start a checkpoint. */
const NOOP_SINCE = [3, 51] as const;

export interface WalMark {
  readonly salts: string | null;
  /** Committed frames in the log. */
  readonly frames: number;
  /** Of these, frames that are also in the database file. */
  readonly checkpointed: number;
  /** The database file at the time: see {@link fileState}. */
  readonly file: string;
}

export function markPath(path: string): string {
  return `${path}.wal-mark`;
}

/** The note beside the database at `path`; `null` without one, or when it is not readable. */
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
 * Identifies the database file and its content without opening it: to close it a second time in this process would release SQLite's
 * locks. In WAL mode only a checkpoint writes to the file. A backup that was put in its place, and a file that another program has
 * opened, recovered and closed, differ.
 */
export function fileState(path: string): string {
  const { ino, birthtimeNs, mtimeNs, size } = statSync(path, { bigint: true });
  return [ino, birthtimeNs, mtimeNs, size].join(":");
}

/** Writes the note of one open database. An error ends it: the database works without. */
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

  /** Notes the state of the log and goes on with each {@link changed}. `null` where SQLite is too old, or the file cannot be written. */
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

  /** Call after each commit. Notes it at once, or with the following ones {@link NOTE_EVERY_MS} after the last note. */
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
      // The database file will differ from the note.
    }
  }

  #tick(): void {
    this.#timer = null;
    if (!this.#changed || this.#ended) return;
    try {
      // The length cannot be read within a transaction; the next tick is after it.
      if (!this.#db.isTransaction) this.#write();
    } catch {
      this.#end();
      return;
    }
    this.#timer = setTimeout(() => this.#tick(), NOTE_EVERY_MS);
    this.#timer.unref();
  }

  #write(): void {
    this.#changed = false;
    // The salts first: if another program restarts the log in between, the note is of a log that is gone, and warns of nothing.
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
