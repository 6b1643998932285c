/**
 * Overwrites the remains of deleted rows in the database file.
 *
 * SQLite keeps the bytes of a deleted row in three places: in free pages, in pages of the write-ahead log, and between the cells of pages that
 * are in use. `secure_delete` overwrites a row when it is deleted, but not the copies that earlier rearrangements of its page have left between
 * the cells. SQLite has no statement for these, so this class overwrites them in the file itself.
 *
 * That is safe because SQLite never reads the bytes between cells: a write that is interrupted leaves a page with the same content. It works on
 * the writer's thread, so no commit happens meanwhile, and on pages whose latest version is in the file.
 */
import { closeSync, fsyncSync, openSync, readSync, writeSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";

/** Pages overwritten in one step: 4 MiB, which take a few milliseconds. */
const STEP = 1024;
/** Pages returned to the disk in one step. */
const FREE_STEP = 512;

/** Types of pages in the pointer map that are parts of a b-tree. */
const ROOT_PAGE = 1;
const TREE_PAGE = 5;

export class FreeSpace {
  readonly #db: DatabaseSync;
  /** Opened once and closed after the database: closing any handle of the file releases SQLite's locks in this process. */
  #file: number | null = null;
  #isAlwaysOn = false;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Whether freed pages are overwritten as well. Otherwise only rows in pages that stay in use are. */
  overwriteFreed(isOn: boolean): void {
    this.#db.exec(`PRAGMA secure_delete = ${isOn || this.#isAlwaysOn ? "ON" : "FAST"}`);
  }

  /** From now on, freed pages are always overwritten, because the database has bodies that must be destroyed. */
  alwaysOverwriteFreed(): void {
    if (this.#isAlwaysOn) return;
    this.#isAlwaysOn = true;
    this.overwriteFreed(true);
  }

  /** Returns some free pages to the disk. False: there are none. */
  returnPages(): boolean {
    const { freelist_count: free } = this.#db.prepare("PRAGMA freelist_count").get() as { freelist_count: number };
    // Not a prepared statement: this pragma frees one page per step, and `run` takes a single step.
    if (free > 0) this.#db.exec(`PRAGMA incremental_vacuum(${FREE_STEP})`);
    return free > 0;
  }

  /**
   * Overwrites the space between the cells of the pages from this one on. Returns the page to continue with; `null`: it was the last.
   * Returns `from` if a reader kept the pages in the log from being written to the file.
   */
  overwrite(from: number): number | null {
    if (!this.#checkpoint("PASSIVE")) return from;
    // The cache still has the bytes, and would write them to the file with the next change of a page.
    this.#db.exec("PRAGMA shrink_memory");
    const file = (this.#file ??= openSync(this.#db.location()!, "r+"));
    const { page_size: size } = this.#db.prepare("PRAGMA page_size").get() as { page_size: number };
    const bytes = Buffer.alloc(STEP * size);
    const pages = Math.floor(readSync(file, bytes, 0, bytes.byteLength, (from - 1) * size) / size);
    const map = new PointerMap(file, size);
    let isChanged = false;
    for (let index = 0; index < pages; index++) {
      const number = from + index;
      if (!map.isTreePage(number)) continue;
      const page = bytes.subarray(index * size, (index + 1) * size);
      if (!clearPage(page, number === 1 ? 100 : 0)) continue;
      writeSync(file, page, 0, size, (number - 1) * size);
      isChanged = true;
    }
    if (isChanged) fsyncSync(file);
    return pages < STEP ? null : from + pages;
  }

  /** Empties the log. False: a reader still uses it. */
  emptyLog(): boolean {
    // Without a timeout, as the pragma would wait on the writer's thread.
    this.#db.exec("PRAGMA busy_timeout = 0");
    try {
      return this.#checkpoint("TRUNCATE");
    } finally {
      this.#db.exec("PRAGMA busy_timeout = 5000");
    }
  }

  /** Call after the database is closed. */
  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  /** Returns whether every page of the log is in the file now. */
  #checkpoint(mode: "PASSIVE" | "TRUNCATE"): boolean {
    const result = this.#db.prepare(`PRAGMA wal_checkpoint(${mode})`).get() as unknown as Checkpoint;
    return result.busy === 0 && result.log === result.checkpointed;
  }
}

interface Checkpoint {
  readonly busy: number;
  readonly log: number;
  readonly checkpointed: number;
}

/** Type of each page, which SQLite records in files with `auto_vacuum`: five bytes for each page, in pages at regular intervals. */
class PointerMap {
  readonly #file: number;
  readonly #size: number;
  readonly #interval: number;
  #number = 0;
  readonly #page: Buffer;

  constructor(file: number, size: number) {
    this.#file = file;
    this.#size = size;
    this.#interval = Math.floor(size / 5) + 1;
    this.#page = Buffer.alloc(size);
  }

  isTreePage(number: number): boolean {
    if (number === 1) return true;
    let map = Math.floor((number - 2) / this.#interval) * this.#interval + 2;
    // SQLite never uses the page at 1 GiB, on which it takes locks.
    const lockPage = Math.floor(0x4000_0000 / this.#size) + 1;
    if (map === lockPage) map++;
    if (number <= map || number === lockPage) return false;
    if (map !== this.#number) {
      if (readSync(this.#file, this.#page, 0, this.#size, (map - 1) * this.#size) < this.#size) return false;
      this.#number = map;
    }
    const type = this.#page[5 * (number - map - 1)];
    return type === ROOT_PAGE || type === TREE_PAGE;
  }
}

/** Overwrites the bytes of a b-tree page that belong to no cell. Returns whether there were any. */
function clearPage(page: Buffer, header: number): boolean {
  const type = page[header]!;
  const isLeaf = type === 10 || type === 13;
  if (!isLeaf && type !== 2 && type !== 5) return false;
  const cells = page.readUInt16BE(header + 3);
  const pointersEnd = header + (isLeaf ? 8 : 12) + 2 * cells;
  const content = page.readUInt16BE(header + 5) || 65_536;
  if (pointersEnd > content || content > page.byteLength) return false;
  let isChanged = clear(page, pointersEnd, content);
  let block = page.readUInt16BE(header + 1);
  // Blocks are in ascending order, each with the place of the next and its size in front.
  while (block >= content && block + 4 <= page.byteLength) {
    const next = page.readUInt16BE(block);
    const size = page.readUInt16BE(block + 2);
    if (block + size > page.byteLength) break;
    isChanged = clear(page, block + 4, block + size) || isChanged;
    if (next <= block) break;
    block = next;
  }
  return isChanged;
}

function clear(page: Buffer, from: number, end: number): boolean {
  for (let at = from; at < end; at++) {
    if (page[at] === 0) continue;
    page.fill(0, at, end);
    return true;
  }
  return false;
}
