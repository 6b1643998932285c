/** File of the commit journal, next to the database. It has a fixed size, so that a write to it changes no metadata of the file system. */
import { closeSync, fdatasyncSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { encodeConfirmation, encodeEntry, encodeHeader, journalPath, ROOM_BYTES } from "./format.ts";

/** System calls on the file. Tests replace them to stop at each one. */
export interface JournalIo {
  write(file: number, bytes: Uint8Array, at: number): void;
  sync(file: number): void;
}

const FILE_IO: JournalIo = {
  write: (file, bytes, at) => {
    for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done, bytes.length - done, at + done);
  },
  sync: (file) => fdatasyncSync(file),
};

/** Size of the memory for entries. Larger ones get their own. */
const MEMORY_BYTES = 256 * 1024;

export class JournalFile {
  readonly #io: JournalIo;
  readonly #file: number;
  readonly #start: number;
  #at: number;
  #index = 0;
  /** For one entry after the other: new memory for each would have to be collected. */
  #memory: Buffer | null = null;

  private constructor(io: JournalIo, file: number, start: number) {
    this.#io = io;
    this.#file = file;
    this.#start = start;
    this.#at = start;
  }

  /** Creates the journal of the database at `path`. An existing one is overwritten: its entries must have been applied. */
  static create(path: string, statements: readonly string[], io: JournalIo = FILE_IO): JournalFile {
    const journal = journalPath(path);
    // Renamed when it is complete: a journal without a header is one that was damaged.
    const unfinished = `${journal}.new`;
    const file = openSync(unfinished, "w", 0o600);
    try {
      const header = encodeHeader(statements);
      io.write(file, Buffer.concat([header, Buffer.alloc(ROOM_BYTES)]), 0);
      fsyncSync(file);
      renameSync(unfinished, journal);
      syncFolder(dirname(journal));
      return new JournalFile(io, file, header.length);
    } catch (error) {
      closeSync(file);
      rmSync(unfinished, { force: true });
      throw error;
    }
  }

  /** Writes an entry of the transaction with this number, and waits until it is on disk. False: there is no room for it. */
  append(number: number, body: Buffer): boolean {
    const entry = encodeEntry({ number, index: this.#index, body }, (this.#memory ??= Buffer.alloc(MEMORY_BYTES)));
    if (this.#at + entry.length > this.#start + ROOM_BYTES) return false;
    this.#io.write(this.#file, entry, this.#at);
    this.#io.sync(this.#file);
    this.#confirm(number);
    this.#at += entry.length;
    this.#index++;
    return true;
  }

  /**
   * Notes that the entry is on disk. Not synchronized: it survives the end of the process at once, and a power loss with the next entry, which is
   * written next to it.
   */
  #confirm(number: number): void {
    try {
      this.#io.write(this.#file, encodeConfirmation({ number, index: this.#index }), this.#at);
    } catch {
      // The entry is on disk. Without its confirmation, only its damage could not be reported.
    }
  }

  /** Starts again at the beginning. The transaction of the entries must be on disk. */
  restart(): void {
    this.#at = this.#start;
    this.#index = 0;
  }

  /** Overwrites the entries, including remains of earlier ones. Their transaction must be on disk. */
  overwrite(): void {
    this.restart();
    this.#io.write(this.#file, Buffer.alloc(ROOM_BYTES), this.#start);
    this.#io.sync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }
}

function syncFolder(path: string): void {
  // Windows cannot open folders, and needs no sync of them.
  if (process.platform === "win32") return;
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
