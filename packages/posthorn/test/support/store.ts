/** A real store with its own folder, and rows to put into it. */
import { onPostgres } from "@posthorn/testkit";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StoreListeners } from "../../src/store/open.ts";
import { PostgresStore } from "../../src/store/postgres/postgres-store.ts";
import type { PostgresStoreOptions } from "../../src/store/postgres/store-options.ts";
import { lockFolder } from "../../src/store/sqlite/folder-lock.ts";
import { openWriter } from "../../src/store/sqlite/open-writer.ts";
import { openReader } from "../../src/store/sqlite/reader.ts";
import { SqliteStore, type SqliteStoreOptions } from "../../src/store/sqlite/sqlite-store.ts";
import type { WalLoss } from "../../src/store/sqlite/wal-loss.ts";
import type { Store } from "../../src/store/store.ts";
import { InlineThread } from "../../src/testing/inline-thread.ts";
import { emptyDatabase } from "./empty-database.ts";
import { LinkedSiblings } from "./linked-siblings.ts";
import { pooled } from "./pooler.ts";
import { borrowDatabase } from "./postgres.ts";

/** A folder that is deleted at the end. */
export function temporaryFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "posthorn-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A store in its own folder or database, which is deleted at the end. */
export class TestStore<S extends Store = Store, Options = object> implements AsyncDisposable {
  /** Path or URL of the database. */
  readonly location: string;
  readonly #open: (options?: Options) => Promise<S>;
  readonly #remove: () => void | Promise<void>;
  #store: S;

  private constructor(
    location: string,
    open: (options?: Options) => Promise<S>,
    remove: () => void | Promise<void>,
    store: S,
  ) {
    this.location = location;
    this.#open = open;
    this.#remove = remove;
    this.#store = store;
  }

  static async open<S extends Store, Options>(
    location: string,
    open: (options?: Options) => Promise<S>,
    remove: () => void | Promise<void>,
  ): Promise<TestStore<S, Options>> {
    return new TestStore(location, open, remove, await open());
  }

  get store(): S {
    return this.#store;
  }

  /** Closes the store and opens the same data again. */
  async reopen(options?: Options): Promise<S> {
    await this.#store[Symbol.asyncDispose]();
    this.#store = await this.#open(options);
    return this.#store;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store[Symbol.asyncDispose]();
    await this.#remove();
  }
}

export { onPostgres };
export { acceptEntry, attemptRecord, successOutcome } from "./store-rows.ts";

/** Whether queries of this run go through a pooler: a Vitest project. */
const throughPooler = process.env["POSTHORN_TEST_POOLER"] === "1";

/**
 * An empty store in the database of this run. On SQLite it has no separate threads, which start slowly: a test of the threads uses
 * {@link openSqliteStore}, or {@link openWholeStore} on both databases.
 */
export function openStore(listeners: Partial<StoreListeners> = {}): Promise<TestStore> {
  return onPostgres ? openPostgresStore(listeners) : openInlineStore(listeners);
}

/** Whether the stores of this run share their writer thread with another one: a Vitest project. */
export const onSeats = process.env["POSTHORN_TEST_SEATS"] === "1";

/** The same as {@link openStore}, with database threads as in production. */
export function openWholeStore(listeners: Partial<StoreListeners> = {}): Promise<TestStore> {
  if (onPostgres) return openPostgresStore(listeners);
  return onSeats ? openSeatStore(listeners) : openSqliteStore(listeners);
}

/** The store of a further thread, as if another one had opened the database. */
async function openSeatStore(listeners: Partial<StoreListeners>): Promise<TestStore> {
  const folder = temporaryFolder();
  const path = join(folder.path, "posthorn.db");
  return TestStore.open(
    path,
    async () => (await openSeats(path, listeners))[1],
    () => folder[Symbol.dispose](),
  );
}

/** The store that opened the database at a path, and one of a further thread, which closes the first one when it is closed. */
export async function openSeats(
  path: string,
  listeners: Partial<StoreListeners> = {},
): Promise<readonly [SqliteStore, SqliteStore]> {
  const siblings = new LinkedSiblings();
  const first = await SqliteStore.open({ path, siblings, ...listeners });
  const second = SqliteStore.join(first.seat(), { siblings: new LinkedSiblings(siblings), ...listeners });
  const close = second[Symbol.asyncDispose].bind(second);
  second[Symbol.asyncDispose] = async () => {
    await close();
    await first[Symbol.asyncDispose]();
  };
  return [first, second];
}

function openInlineStore(listeners: Partial<StoreListeners>): Promise<TestStore> {
  const folder = temporaryFolder();
  const path = join(folder.path, "posthorn.db");
  writeFileSync(path, emptyDatabase(), { mode: 0o600 });
  return TestStore.open(
    path,
    async () => openInline(path, listeners),
    () => folder[Symbol.dispose](),
  );
}

function openInline(path: string, { listener, onWalLoss }: Partial<StoreListeners>): SqliteStore {
  using stack = new DisposableStack();
  const lock = stack.use(lockFolder(path));
  let walLoss: WalLoss | null = null;
  const noteWalLoss = (loss: WalLoss): void => {
    walLoss = loss;
    onWalLoss?.(loss);
  };
  const thread = (role: "writer" | "reader"): InlineThread => inlineThread(path, role, noteWalLoss);
  const writer = thread("writer");
  const [hotReader, reader] = [thread("reader"), thread("reader")];
  const store = new SqliteStore({
    path,
    writer,
    hotReader,
    readers: [reader],
    lock,
    walLoss,
    listener: listener ?? null,
  });
  // The store releases the lock.
  stack.move();
  return store;
}

/** A database thread without a thread. */
export function inlineThread(
  path: string,
  role: "writer" | "reader",
  onWalLoss: (loss: WalLoss) => void,
): InlineThread {
  const open = () => (role === "writer" ? openWriter({ path, role, maxPages: null }, onWalLoss) : openReader(path));
  return new InlineThread(path, open);
}

export function openSqliteStore(
  options: Partial<SqliteStoreOptions> = {},
): Promise<TestStore<SqliteStore, Partial<SqliteStoreOptions>>> {
  const folder = temporaryFolder();
  const path = join(folder.path, "posthorn.db");
  return TestStore.open(
    path,
    (changed = {}) => SqliteStore.open({ path, readers: 1, ...options, ...changed }),
    () => folder[Symbol.dispose](),
  );
}

export async function openPostgresStore(
  options: Partial<PostgresStoreOptions> = {},
): Promise<TestStore<PostgresStore, Partial<PostgresStoreOptions>>> {
  const database = await borrowDatabase();
  const ways = throughPooler ? await pooled(database.url) : { url: database.url };
  return TestStore.open(
    database.url,
    (changed = {}) => PostgresStore.open({ ...ways, ...options, ...changed }),
    async () => {
      await database[Symbol.asyncDispose]();
    },
  );
}

/** The row of a delivery. */
export function deliveryOf(store: Store, messageId: number, endpointId = 1) {
  return store.db
    .selectFrom("delivery")
    .selectAll()
    .where("message_id", "=", messageId)
    .where("endpoint_id", "=", endpointId)
    .executeTakeFirst();
}

/** Number of rows of a table. */
export async function rowsIn(store: Store, table: "message" | "delivery" | "attempt"): Promise<number> {
  const row = await store.db
    .selectFrom(table)
    .select((eb) => eb.fn.countAll<number>().as("rows"))
    .executeTakeFirstOrThrow();
  return row.rows;
}
