import { randomBytes, randomInt } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { openSqliteStore } from "../../../test/support/store.ts";
import type { SqliteStore } from "./sqlite-store.ts";

const CANARY = Buffer.from("canary-7f3a@example.com");

/** Files of the data folder that contain the canary. */
function filesWithCanary(path: string): readonly string[] {
  const folder = dirname(path);
  return readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(CANARY));
}

/** Rows of very different sizes with keys in random order, so that pages are split and merged again and again. */
async function rearrange(store: SqliteStore): Promise<void> {
  await store.transaction(({ db }) =>
    sql`CREATE TABLE sample (id INTEGER PRIMARY KEY, name BLOB NOT NULL, body BLOB NOT NULL) STRICT`.execute(db),
  );
  await store.transaction(({ db }) => sql`CREATE INDEX sample_name ON sample (name)`.execute(db));
  for (let round = 0; round < 40; round++) {
    await store.transaction(async ({ db }) => {
      for (let row = 0; row < 100; row++) {
        const hasCanary = row % 5 === 0;
        const name = Buffer.concat([hasCanary ? CANARY : Buffer.from("other"), randomBytes(randomInt(40))]);
        const body = Buffer.concat([randomBytes(randomInt(hasCanary ? 6000 : 800)), name]);
        await sql`INSERT OR REPLACE INTO sample VALUES (${randomInt(1e9)}, ${name}, ${body})`.execute(db);
        if (row % 3 > 0) continue;
        await sql`DELETE FROM sample WHERE id = (SELECT id FROM sample WHERE id > ${randomInt(1e9)} LIMIT 1)`.execute(
          db,
        );
      }
    });
  }
}

async function deleteCanaries(store: SqliteStore): Promise<void> {
  await store.transaction(({ db }) => sql`DELETE FROM sample WHERE instr(name, ${CANARY}) > 0`.execute(db));
}

async function overwriteAll({ freeSpace }: SqliteStore): Promise<void> {
  while (await freeSpace.returnPages());
  for (let from: number | null = 1; from !== null;) from = await freeSpace.overwrite(from);
  expect(await freeSpace.emptyLog()).toBe(true);
}

describe("the free space of a database file", () => {
  it("has no bytes of deleted rows once it is overwritten, and the other rows are intact", async () => {
    await using files = await openSqliteStore();
    const { store } = files;
    await rearrange(store);
    await store.freeSpace.overwriteFreed(true);
    await deleteCanaries(store);
    const before = await sql`SELECT * FROM sample ORDER BY id`.execute(store.db);
    expect(filesWithCanary(files.location)).not.toEqual([]);
    await overwriteAll(store);
    expect(filesWithCanary(files.location)).toEqual([]);
    const { rows } = await sql<{ integrity_check: string }>`PRAGMA integrity_check`.execute(store.db);
    expect(rows).toEqual([{ integrity_check: "ok" }]);
    expect(await sql`SELECT * FROM sample ORDER BY id`.execute(store.db)).toEqual(before);
  });

  it("is not restored from the writer's cache with the next changes of its pages", async () => {
    await using files = await openSqliteStore();
    const { store } = files;
    await rearrange(store);
    await store.freeSpace.overwriteFreed(true);
    await deleteCanaries(store);
    await overwriteAll(store);
    await store.transaction(({ db }) => sql`UPDATE sample SET body = substr(body, 2)`.execute(db));
    expect(await store.freeSpace.emptyLog()).toBe(true);
    expect(filesWithCanary(files.location)).toEqual([]);
  });

  it("waits for a reader that needs the log", async () => {
    await using files = await openSqliteStore();
    const { store } = files;
    await rearrange(store);
    // A read that is not finished keeps the log.
    const { promise: isRead, resolve: read } = Promise.withResolvers<void>();
    const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();
    const reading = store.db.transaction().execute(async (db) => {
      await sql`SELECT count(*) FROM sample`.execute(db);
      read();
      await mayEnd;
    });
    await isRead;
    await deleteCanaries(store);
    expect(await store.freeSpace.emptyLog()).toBe(false);
    end();
    await reading;
    expect(await store.freeSpace.emptyLog()).toBe(true);
  });
});
