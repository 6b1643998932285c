/** The database of a test: SQLite in a folder that is deleted at the end, without threads. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { writerOn } from "../store/sqlite/connection.ts";
import { readerOn } from "../store/sqlite/reader.ts";
import { lockFolder } from "../store/sqlite/folder-lock.ts";
import { migrate } from "../store/sqlite/migrate.ts";
import { SqliteStore } from "../store/sqlite/sqlite-store.ts";
import type { CommitListener } from "../store/store.ts";
import { InlineThread } from "./inline-thread.ts";

export interface TestStore {
  readonly store: SqliteStore;
  /** Requests that the connections have not answered yet. */
  readonly load: () => number;
}

/** Makes a folder in memory where the system has a memory file system. Disposing deletes it. */
export function temporaryFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "posthorn-testing-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Opens an empty database with the current tables. */
export function openTestStore(path: string, listener: CommitListener): TestStore {
  using stack = new DisposableStack();
  const lock = stack.use(lockFolder(path));
  writeFileSync(path, emptyDatabase(), { mode: 0o600 });
  const writer = new InlineThread(path, () => writerOn(connectionTo(path, false)));
  const [hotReader, reader] = [1, 2].map(() => new InlineThread(path, () => readerOn(connectionTo(path, true))));
  const store = new SqliteStore({
    path,
    writer,
    hotReader: hotReader!,
    readers: [reader!],
    listener,
    lock,
    // Waiting for more entries of a commit takes real time, in which the clock of the test stands still.
    gather: () => Promise.resolve(),
  });
  // The store releases the lock.
  stack.move();
  return { store, load: () => writer.load + hotReader!.load + reader!.load };
}

function connectionTo(path: string, readOnly: boolean): DatabaseSync {
  const connection = new DatabaseSync(path, { readOnly });
  // The data of a test need not survive a failure of the machine.
  connection.exec("PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY");
  return connection;
}

let migrated: Uint8Array | null = null;

/** The file of a database without rows. All migrations together take a quarter of a second, so a process runs them once. */
function emptyDatabase(): Uint8Array {
  if (migrated !== null) return migrated;
  using folder = temporaryFolder();
  const path = join(folder.path, "empty.db");
  const connection = new DatabaseSync(path);
  try {
    connection.exec("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF");
    migrate(connection);
    migrated = connection.serialize();
  } finally {
    connection.close();
  }
  return migrated;
}
