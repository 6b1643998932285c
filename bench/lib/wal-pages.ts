/** Counts the pages that commits wrote to SQLite's write-ahead log, by table and index. Format: https://www.sqlite.org/fileformat2.html */
import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** Bytes of an entry in a page of the pointer map. */
const POINTER_BYTES = 5;

interface Frame {
  readonly page: number;
  readonly commits: boolean;
}

export interface WrittenPages {
  readonly bytes: number;
  readonly commits: number;
  /** Written pages by table or index, in descending order. */
  readonly pages: ReadonlyMap<string, number>;
}

/**
 * Counts from its creation until `read`. It keeps a read transaction open, so that no checkpoint restarts the log in the meantime. The
 * server checkpoints as usual, but the log grows until the recording is disposed.
 */
export class WalRecording implements Disposable {
  readonly #path: string;
  readonly #db: DatabaseSync;
  readonly #from: number;

  constructor(path: string) {
    this.#path = path;
    this.#db = new DatabaseSync(path, { readOnly: true });
    this.#db.exec("BEGIN");
    this.#db.prepare("SELECT count(*) FROM sqlite_schema").get();
    this.#from = this.#frames().frames.length;
  }

  read(): WrittenPages {
    const { frames, pageBytes } = this.#frames();
    const written = frames.slice(this.#from);
    const nameOf = namesOfPages(this.#path, pageBytes);
    const pages = new Map<string, number>();
    for (const { page } of written) pages.set(nameOf(page), (pages.get(nameOf(page)) ?? 0) + 1);
    return {
      bytes: written.length * (pageBytes + FRAME_HEADER_BYTES),
      commits: written.filter(({ commits }) => commits).length,
      pages: new Map([...pages].sort((a, b) => b[1] - a[1])),
    };
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  /** The frames of the current generation of the log. */
  #frames(): { readonly frames: readonly Frame[]; readonly pageBytes: number } {
    const log = readFileSync(`${this.#path}-wal`);
    const pageBytes = log.readUInt32BE(8);
    const salts = log.toString("hex", 16, 24);
    const frames: Frame[] = [];
    for (
      let at = HEADER_BYTES;
      at + FRAME_HEADER_BYTES + pageBytes <= log.length;
      at += FRAME_HEADER_BYTES + pageBytes
    ) {
      if (log.toString("hex", at + 8, at + 16) !== salts) break;
      frames.push({ page: log.readUInt32BE(at), commits: log.readUInt32BE(at + 4) !== 0 });
    }
    return { frames, pageBytes };
  }
}

/** Returns a function that names the table or index of a page. */
function namesOfPages(path: string, pageBytes: number): (page: number) => string {
  using db = closing(new DatabaseSync(path, { readOnly: true }));
  const rows = db.prepare("SELECT name, pageno, pagetype FROM dbstat").all() as {
    name: string;
    pageno: number;
    pagetype: string;
  }[];
  const names = new Map(
    rows.map(({ name, pageno, pagetype }) => [pageno, pagetype === "overflow" ? `${name} (overflow)` : name]),
  );
  // Pages of the pointer map that `auto_vacuum` needs: page 2, and each page that follows the pages covered by the previous one.
  const covered = Math.floor(pageBytes / POINTER_BYTES) + 1;
  return (page) => (page === 1 ? "header" : (names.get(page) ?? ((page - 2) % covered === 0 ? "pointer map" : "free")));
}

function closing(db: DatabaseSync): DatabaseSync & Disposable {
  return Object.assign(db, { [Symbol.dispose]: () => db.close() });
}
