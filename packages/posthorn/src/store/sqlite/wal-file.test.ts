import { copyFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../test/support/store.ts";
import { scanWal } from "./wal-file.ts";

const HEADER = 32;
const FRAME = 24 + 4096;

/** A database in WAL mode whose log contains all data. Copies of its files are examined while it is open. */
class Logged implements Disposable {
  readonly #folder = temporaryFolder();
  readonly db: DatabaseSync;
  #copies = 0;

  constructor() {
    this.db = new DatabaseSync(join(this.#folder.path, "db"));
    this.db.exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = FULL");
    this.db.exec("CREATE TABLE entry (body BLOB)");
  }

  commit(bytes: number): void {
    this.db.exec(`INSERT INTO entry VALUES (randomblob(${bytes}))`);
  }

  get frames(): number {
    return framesOf(this.db);
  }

  /** Scans a changed copy of the log. Returns the result and the number of frames that SQLite recovers from that copy. */
  after(change: (log: string) => void): { scanned: ReturnType<typeof scanWal>; recovered: number } {
    const path = join(this.#folder.path, `copy-${++this.#copies}`);
    copyFileSync(join(this.#folder.path, "db"), path);
    copyFileSync(join(this.#folder.path, "db-wal"), `${path}-wal`);
    change(`${path}-wal`);
    const scanned = scanWal(`${path}-wal`);
    using db = new DatabaseSync(path);
    db.prepare("SELECT count(*) FROM sqlite_schema").get();
    return { scanned, recovered: framesOf(db) };
  }

  [Symbol.dispose](): void {
    this.db.close();
    this.#folder[Symbol.dispose]();
  }
}

function framesOf(db: DatabaseSync): number {
  return (db.prepare("PRAGMA wal_checkpoint(NOOP)").get() as { log: number }).log;
}

/** Changes one byte of a frame; frames are counted from 1. */
function flip(log: string, frame: number, byte: number): void {
  const bytes = readFileSync(log);
  bytes[HEADER + (frame - 1) * FRAME + byte]! ^= 0xff;
  writeFileSync(log, bytes);
}

describe("a scan of a write-ahead log", () => {
  it("finds the frames that SQLite recovers, wherever the log was cut", () => {
    using logged = new Logged();
    for (let commit = 0; commit < 12; commit++) logged.commit(commit * 1500);
    for (let bytes = HEADER; bytes <= HEADER + logged.frames * FRAME; bytes += FRAME / 2) {
      const { scanned, recovered } = logged.after((log) => truncateSync(log, bytes));
      expect(scanned).toMatchObject({ frames: recovered, damaged: false });
    }
    expect(logged.after((log) => truncateSync(log, HEADER - 1)).scanned).toBeNull();
  });

  it.each([
    ["page", 100],
    ["page number", 0],
    ["commit mark", 7],
    ["salts", 8],
    ["checksum", 16],
  ])("finds the frames that SQLite recovers and reports damage when a frame's %s is changed", (_, byte) => {
    using logged = new Logged();
    for (let commit = 0; commit < 12; commit++) logged.commit(5000);
    for (const frame of [1, 2, 9, logged.frames >> 1]) {
      const { scanned, recovered } = logged.after((log) => flip(log, frame, byte));
      expect(scanned).toMatchObject({ frames: recovered, damaged: true });
      expect(recovered).toBeLessThan(frame);
    }
  });

  it("treats a log with a changed header as empty, as SQLite does", () => {
    using logged = new Logged();
    logged.commit(100);
    for (let byte = 0; byte < HEADER; byte++) {
      const { scanned, recovered } = logged.after((log) => flip(log, 1, byte - HEADER));
      expect(scanned, `byte ${byte}`).toBeNull();
      expect(recovered).toBe(0);
    }
  });

  it("reports no damage when only the last commit is incomplete, as after a power loss", () => {
    using logged = new Logged();
    logged.commit(5000);
    const before = logged.frames;
    logged.commit(50_000);
    const { scanned, recovered } = logged.after((log) => flip(log, before + 3, 100));
    expect(scanned).toMatchObject({ frames: before, damaged: false });
    expect(recovered).toBe(before);
  });

  it("reports no damage for remains of a rolled back transaction or of an earlier generation", () => {
    using logged = new Logged();
    logged.db.exec("PRAGMA cache_size = 10");
    const spill = (): void => {
      logged.db.exec("BEGIN");
      for (let row = 0; row < 30; row++) logged.commit(5000);
      logged.db.exec("ROLLBACK");
    };
    spill();
    logged.commit(100);
    const unchanged = (): unknown => logged.after(() => undefined);
    expect(unchanged()).toMatchObject({ scanned: { frames: logged.frames, damaged: false }, recovered: logged.frames });
    for (let commit = 0; commit < 20; commit++) logged.commit(5000);
    logged.db.exec("PRAGMA wal_checkpoint(RESTART)");
    logged.commit(100);
    expect(logged.frames).toBeLessThan(5);
    expect(unchanged()).toMatchObject({ scanned: { frames: logged.frames, damaged: false }, recovered: logged.frames });
  });
});
