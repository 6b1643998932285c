import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { eventually } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { acceptEntry, inlineThread, openSqliteStore, rowsIn, temporaryFolder } from "../../../test/support/store.ts";
import { SCHEMA_VERSION } from "../migrations/list.ts";
import { createFile } from "./file.ts";
import { lockFolder } from "./folder-lock.ts";
import { LateThread } from "./late-thread.ts";
import { migrate } from "./migrate.ts";
import { SqliteStore } from "./sqlite-store.ts";

describe("a full disk", () => {
  it("rejects messages with storage_full, leaves no partial rows, and accepts messages again when there is space", async () => {
    await using files = await openSqliteStore({ maxPages: 300 });
    const payload = Buffer.alloc(40_000, "x");
    const accepted: number[] = [];
    const acceptUntilFull = async (): Promise<unknown> => {
      for (let id = 1; id <= 50; id++) {
        try {
          await files.store.accept(acceptEntry(id, { payload }));
        } catch (error) {
          return error;
        }
        accepted.push(id);
      }
    };
    const refusal = await acceptUntilFull();
    expect(refusal).toMatchObject({ code: "storage_full", status: 503 });
    expect(accepted.length).toBeGreaterThan(0);
    expect(await rowsIn(files.store, "message")).toBe(accepted.length);
    expect(await rowsIn(files.store, "delivery")).toBe(accepted.length);
    const store = await files.reopen({ maxPages: 10_000 });
    await store.accept(acceptEntry(100, { payload }));
    expect(await rowsIn(store, "message")).toBe(accepted.length + 1);
  });

  it("is reported until a test write succeeds", async () => {
    await using files = await openSqliteStore({ maxPages: 300 });
    const { store } = files;
    expect(store.writeRefusal).toBeNull();
    const payload = Buffer.alloc(40_000, "x");
    for (let id = 1; store.writeRefusal === null; id++) {
      await store.accept(acceptEntry(id, { payload })).catch(() => undefined);
    }
    expect(store.writeRefusal).toMatchObject({ code: "storage_full" });
    await store.transaction(({ db }) => db.deleteFrom("message").execute());
    await eventually(async () => {
      store.testWrites();
      expect(store.writeRefusal).toBeNull();
    });
    expect(await store.db.selectFrom("idempotency").select("hash").execute()).toEqual([]);
  });

  it("is not reported for an entry that is rejected for its own content", async () => {
    await using files = await openSqliteStore();
    await files.store.accept(acceptEntry(1));
    await files.store.accept(acceptEntry(1)).catch(() => undefined);
    expect(files.store.writeRefusal).toBeNull();
  });

  it("also fails a transaction of resources with storage_full, and the next one works", async () => {
    await using files = await openSqliteStore({ maxPages: 140 });
    const insert = (id: number, bytes: number) =>
      files.store.transaction(({ db }) =>
        db
          .insertInto("organisation")
          .values({ id, public_id: "o".repeat(bytes) + id, created_at: 0 })
          .execute(),
      );
    await expect(insert(1, 2_000_000)).rejects.toMatchObject({ code: "storage_full" });
    await insert(2, 10);
    expect(await files.store.db.selectFrom("organisation").select("id").execute()).toEqual([{ id: 2 }]);
  });
});

/** Starts a process that holds the lock until it is killed. */
async function lockInOtherProcess(path: string): Promise<AsyncDisposable> {
  // The lock stays referenced: an unreferenced handle is closed by garbage collection, which releases the lock.
  const script = `
    import { lockFolder } from ${JSON.stringify(new URL("./folder-lock.ts", import.meta.url).href)};
    globalThis.held = lockFolder(${JSON.stringify(path)});
    process.stdout.write("locked");
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(child, "exit");
  await once(child.stdout, "data");
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

describe("opening a database file", () => {
  it("migrates a new file to the schema of this version, and does not change an up-to-date one", () => {
    using folder = temporaryFolder();
    const db = new DatabaseSync(join(folder.path, "db"));
    const schema = () => db.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").all();
    migrate(db);
    const before = schema();
    expect(db.prepare("PRAGMA user_version").get()).toEqual({ user_version: SCHEMA_VERSION });
    migrate(db);
    expect(schema()).toEqual(before);
    db.close();
  });

  it("rolls back a failed migration completely", () => {
    using folder = temporaryFolder();
    const db = new DatabaseSync(join(folder.path, "db"));
    db.exec("CREATE TABLE task (id INTEGER)");
    expect(() => migrate(db)).toThrow("task");
    expect(db.prepare("SELECT name FROM sqlite_schema").all()).toEqual([{ name: "task" }]);
    expect(db.prepare("PRAGMA user_version").get()).toEqual({ user_version: 0 });
    db.close();
  });

  it("rejects a schema of a newer version, and names both versions", async () => {
    await using files = await openSqliteStore();
    await files.store[Symbol.asyncDispose]();
    const db = new DatabaseSync(files.location);
    db.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    db.close();
    await expect(SqliteStore.open({ path: files.location })).rejects.toMatchObject({
      code: "schema_too_new",
      message: expect.stringContaining(`schema ${SCHEMA_VERSION + 1}`) as string,
    });
  });

  it("reports a file that is not a database as damaged, and does not change it", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "posthorn.db");
    writeFileSync(path, "this is not a database ".repeat(500));
    await expect(SqliteStore.open({ path })).rejects.toMatchObject({ code: "storage_corrupt" });
    expect(readFileSync(path, "utf8")).toMatch(/^this is not a database/);
  });

  it("fails with one sentence when its folder cannot be created or read", async () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, "file"), "");
    await expect(SqliteStore.open({ path: join(folder.path, "file", "posthorn.db") })).rejects.toMatchObject({
      name: "StoreError",
      code: "storage_failed",
    });
  });

  it("fails while another process uses the folder, and succeeds once that process was killed", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "posthorn.db");
    await using other = await lockInOtherProcess(path);
    await expect(SqliteStore.open({ path })).rejects.toMatchObject({ code: "data_folder_in_use" });
    await other[Symbol.asyncDispose]();
    const store = await SqliteStore.open({ path });
    await store[Symbol.asyncDispose]();
  });

  it("also fails for a second store in the same process", () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "posthorn.db");
    const lock = lockFolder(path);
    expect(() => lockFolder(path)).toThrow("Another Posthorn process");
    lock[Symbol.dispose]();
    lockFolder(path)[Symbol.dispose]();
  });
});

describe("the thread for short look-ups", () => {
  it("is not started by a health check, which fails after a failed start until the thread can be started", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "posthorn.db");
    let starts = 0;
    const hotReader = new LateThread(async () => {
      if (++starts <= 2) throw new Error("too many threads");
      return inlineThread(path, "reader", () => undefined);
    });
    createFile(path);
    const writer = inlineThread(path, "writer", () => undefined);
    const readers = [inlineThread(path, "reader", () => undefined)];
    await using store = new SqliteStore({ path, writer, hotReader, readers, lock: lockFolder(path) });
    await store.ping();
    expect(starts).toBe(0);
    await expect(store.payload(1)).rejects.toThrow("too many threads");
    await expect(store.ping()).rejects.toThrow("too many threads");
    await store.ping();
    expect([await store.payload(1), starts]).toEqual([null, 3]);
  });

  it("is not started as long as the other one responds at once", async () => {
    let started = 0;
    // On a busy machine, a response can take longer.
    for (let tries = 0; tries < 50 && started !== 1; tries++) {
      const before = readerThreads();
      await using files = await openSqliteStore();
      await files.store.payload(1);
      started = readerThreads() - before;
    }
    expect(started).toBe(1);
  });
});

function readerThreads(): number {
  return readdirSync("/proc/self/task").filter((task) => nameOfThread(task) === "posthorn-reader").length;
}

function nameOfThread(task: string): string | null {
  try {
    return readFileSync(`/proc/self/task/${task}/comm`, "utf8").trim();
  } catch {
    // It has ended.
    return null;
  }
}
