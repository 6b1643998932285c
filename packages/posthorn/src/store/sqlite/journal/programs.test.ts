import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import {
  commitBatch,
  copyFiles,
  journalIn,
  openJournaledWriter,
  recover,
} from "../../../../test/support/journaled-writer.ts";
import { acceptEntry, openSqliteStore, rowsIn, temporaryFolder } from "../../../../test/support/store.ts";
import { checkDatabase } from "../../../cli/doctor/database.ts";
import type { Config } from "../../../config/config.ts";
import type { BackupFolder } from "../../backup/folder.ts";
import { Pace } from "../../backup/pace.ts";
import { backupSqlite } from "../../backup/sqlite.ts";
import { SqliteSide } from "../../copy/sqlite-side.ts";
import { runMigrations } from "../../migrate.ts";

/** Calls back with a folder in which a writer has two messages in its journal: while it runs, or after it was killed. */
async function withJournal(state: "running" | "killed", use: (folder: string) => Promise<void>): Promise<void> {
  using folder = temporaryFolder();
  const [live, dead] = [join(folder.path, "live"), join(folder.path, "dead")];
  mkdirSync(live);
  mkdirSync(dead);
  using writer = openJournaledWriter(live);
  for (const id of [1, 2]) commitBatch(writer.handle, [acceptEntry(id)]);
  if (state === "killed") copyFiles(live, dead);
  await use(state === "killed" ? dead : live);
}

function messagesIn(path: string): number {
  using db = new DatabaseSync(path, { readOnly: true });
  return Number(db.prepare("SELECT count(*) AS rows FROM message").get()!["rows"]);
}

function damage(folder: string): void {
  const bytes = readFileSync(journalIn(folder));
  bytes[bytes.indexOf('{"id":1}') + 2]! ^= 4;
  writeFileSync(journalIn(folder), bytes);
}

describe("messages that are confirmed and not yet in the database", () => {
  it.each(["running", "killed"] as const)("are in a backup of a server that is %s", async (state) => {
    await withJournal(state, async (path) => {
      using target = temporaryFolder();
      const folder = { path: target.path, requireSpace: () => undefined } as unknown as BackupFolder;
      const pace = new Pace(null, () => undefined);
      const { tables } = await backupSqlite(join(path, "posthorn.db"), folder, pace);
      expect(tables["message"]).toBe(2);
      expect(messagesIn(join(target.path, "posthorn.db"))).toBe(2);
      expect(messagesIn(join(path, "posthorn.db"))).toBe(0);
      // A restored backup has no journal.
      expect(recover(target.path)).toMatchObject({ messages: [1, 2], losses: [] });
    });
  });

  it("are in a copy of the database", async () => {
    await withJournal("killed", async (path) => {
      await using side = SqliteSide.open({ path: join(path, "posthorn.db"), as: "source", replaceNul: false });
      expect(await side.count("message")).toBe(2);
    });
  });

  it("are stored before the schema is migrated", async () => {
    await withJournal("killed", async (path) => {
      await runMigrations({ kind: "sqlite", path: join(path, "posthorn.db") }, 0);
      expect(messagesIn(join(path, "posthorn.db"))).toBe(2);
      expect(recover(path).messages).toEqual([1, 2]);
    });
  });

  it("stay in a damaged journal until the server starts, which reports it", async () => {
    await withJournal("killed", async (path) => {
      damage(path);
      await expect(runMigrations({ kind: "sqlite", path: join(path, "posthorn.db") }, 0)).rejects.toMatchObject({
        code: "storage_corrupt",
      });
      expect(recover(path).losses).toHaveLength(1);
    });
  });

  it("are missing for programs if the journal was deleted, until the server starts, which reports it", async () => {
    await withJournal("killed", async (path) => {
      rmSync(journalIn(path));
      const location = { kind: "sqlite", path: join(path, "posthorn.db") } as const;
      const missing = { code: "storage_corrupt", message: expect.stringContaining("is missing") };
      await expect(runMigrations(location, 0)).rejects.toMatchObject(missing);
      expect(() => SqliteSide.open({ path: location.path, as: "source", replaceNul: false })).toThrow("is missing");
      const config = { database: location } as unknown as Config;
      const found = (await checkDatabase(config, false)).find(({ check }) => check === "database.journal");
      expect(found).toMatchObject({ status: "warning", found: expect.stringContaining("is missing") });
      expect(recover(path).losses).toHaveLength(1);
      await expect(runMigrations(location, 0)).resolves.toEqual([]);
      expect((await checkDatabase(config, false)).map(({ status }) => status)).not.toContain("warning");
    });
  });

  it("prevent the start, with a message that says what to do, if another program has changed the database", async () => {
    await withJournal("killed", async (path) => {
      using db = new DatabaseSync(join(path, "posthorn.db"));
      db.exec("ALTER TABLE message RENAME TO other");
      expect(() => recover(path)).toThrow("does not fit the database");
      db.exec("ALTER TABLE other RENAME TO message");
      expect(recover(path).messages).toEqual([1, 2]);
    });
  });

  it("can be read at once, from every reader", async () => {
    await using opened = await openSqliteStore();
    const { store } = opened;
    for (const id of [1, 2, 3]) {
      await store.accept(acceptEntry(id));
      expect(await rowsIn(store, "message")).toBe(2 * id - 1);
      await store.accept(acceptEntry(10 * id));
      expect(await store.payload(10 * id)).not.toBeNull();
    }
  });
});
