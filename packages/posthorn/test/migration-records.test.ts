/** The migration records of a database, and databases that are rejected because of them. */
import { expect, describe, it } from "vitest";
import { migrationStates, runMigrations } from "../src/store/migrate.ts";
import { migrationChecksum, MIGRATIONS, SCHEMA_VERSION } from "../src/store/migrations/list.ts";
import { databaseAt, NOW, type OldDatabase } from "./support/old-database.ts";
import { onPostgres } from "./support/store.ts";

/** The last version that kept no checksums and, in SQLite, no names. */
const BEFORE_CHECKSUMS = 21;

const kind = onPostgres ? "postgres" : "sqlite";
const expected = MIGRATIONS.map(({ name }, index) => ({
  version: index + 1,
  name,
  checksum: migrationChecksum(kind, index + 1),
}));

async function recordsOf({ run }: OldDatabase) {
  const rows = await run("SELECT version, name, checksum FROM schema_version ORDER BY version");
  return rows.map((row) => ({ ...row, version: Number(row["version"]) }));
}

/** An up-to-date database with a change to its records. */
async function changed(sql: string): Promise<OldDatabase> {
  const database = await databaseAt(0);
  await runMigrations(database.location, NOW);
  await database.run(sql);
  return database;
}

/** The message of the rejection; the database must be unchanged. */
async function refusalOf(database: OldDatabase): Promise<string> {
  const before = [await recordsOf(database), await database.shape()];
  const refusal = await runMigrations(database.location, NOW).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ name: "StoreError", code: "schema_mismatch" });
  expect([await recordsOf(database), await database.shape()]).toEqual(before);
  return (refusal as Error).message;
}

describe("a database records name and checksum of each migration", () => {
  it("when it is new", async () => {
    await using database = await databaseAt(0);
    await runMigrations(database.location, NOW);
    expect(await recordsOf(database)).toEqual(expected);
    expect((await migrationStates(database.location)).every(({ record }) => record === "matches")).toBe(true);
  });

  it.each([1, 10, BEFORE_CHECKSUMS])("when version %i left it without checksums", async (version) => {
    await using database = await databaseAt(version);
    const states = await migrationStates(database.location);
    expect(states.map(({ record }) => record)).toEqual(
      MIGRATIONS.map((_, index) => (index < version ? "unrecorded" : null)),
    );
    await runMigrations(database.location, NOW);
    expect(await recordsOf(database)).toEqual(expected);
    expect(await runMigrations(database.location, NOW)).toEqual([]);
  });

  it("when an interrupted upgrade left none, although the schema is up to date", async () => {
    await using database = await databaseAt(SCHEMA_VERSION);
    expect(await runMigrations(database.location, NOW)).toEqual([]);
    expect(await recordsOf(database)).toEqual(expected);
  });

  it("when two processes upgrade it at the same time", async () => {
    await using database = await databaseAt(BEFORE_CHECKSUMS);
    const runs = await Promise.allSettled([
      runMigrations(database.location, NOW),
      runMigrations(database.location, NOW),
    ]);
    // The file lock rejects the second process; on PostgreSQL, it waits.
    expect(runs.filter(({ status }) => status === "fulfilled").length).toBeGreaterThanOrEqual(onPostgres ? 2 : 1);
    expect(await recordsOf(database)).toEqual(expected);
  });
});

describe("a database is rejected and stays unchanged", () => {
  it("when a migration has another name", async () => {
    await using database = await changed("UPDATE schema_version SET name = 'widgets' WHERE version = 5");
    expect(await refusalOf(database)).toMatch(
      /^Migration 5 of the database is "widgets", but .* it is "replay"\. .*restore a backup/,
    );
    const states = await migrationStates(database.location);
    expect(states.filter(({ record }) => record === "differs").map(({ version }) => version)).toEqual([5]);
  });

  it("when a migration ran other statements", async () => {
    const checksum = "0".repeat(64);
    await using database = await changed(`UPDATE schema_version SET checksum = '${checksum}' WHERE version = 7`);
    const other = migrationChecksum(kind, 7).slice(0, 12);
    expect(await refusalOf(database)).toMatch(
      new RegExp(`^Migration 7 "sources" .* 000000000000, .* ${other}: other statements ran`),
    );
  });

  it("when two migrations ran in the other order", async () => {
    await using database = await changed(
      `UPDATE schema_version SET name = CASE version WHEN 4 THEN '${MIGRATIONS[4]!.name}' ELSE '${MIGRATIONS[3]!.name}' END
       WHERE version IN (4, 5)`,
    );
    expect(await refusalOf(database)).toMatch(
      /^Migration 4 of the database is "replay", .*\("replay" is migration 5 there\)/,
    );
  });

  it("when a migration has no record although later ones do", async () => {
    await using database = await changed("DELETE FROM schema_version WHERE version = 3");
    expect(await refusalOf(database)).toMatch(/no record of migration 3 "health"/);
  });

  it("when the newest migration belongs to another build", async () => {
    await using database = await changed(
      `UPDATE schema_version SET name = 'widgets', checksum = 'abc' WHERE version = ${SCHEMA_VERSION}`,
    );
    expect(await refusalOf(database)).toMatch(`Migration ${SCHEMA_VERSION} of the database is "widgets"`);
  });

  it("when it has more migrations than this version, and the message names the first one", async () => {
    await using database = await changed(
      onPostgres
        ? `INSERT INTO schema_version VALUES (${SCHEMA_VERSION + 1}, 'widgets', 0, 'abc')`
        : `INSERT INTO schema_version VALUES (${SCHEMA_VERSION + 1}, 'widgets', 'abc')`,
    );
    const refusal = { code: "schema_too_new", message: expect.stringContaining('"widgets"') as string };
    await expect(runMigrations(database.location, NOW)).rejects.toMatchObject(refusal);
    await expect(migrationStates(database.location)).rejects.toMatchObject(refusal);
  });

  it.runIf(onPostgres)("when an earlier version recorded a foreign name, before checksums were kept", async () => {
    await using database = await databaseAt(BEFORE_CHECKSUMS);
    await database.run("UPDATE schema_version SET name = 'widgets' WHERE version = 9");
    const refusal = { code: "schema_mismatch", message: expect.stringContaining('"widgets"') as string };
    await expect(runMigrations(database.location, NOW)).rejects.toMatchObject(refusal);
    expect(await migrationStates(database.location)).toHaveLength(SCHEMA_VERSION);
  });

  it.skipIf(onPostgres)("when it has no records, but a table that only a later migration creates", async () => {
    await using database = await databaseAt(4);
    await database.run("CREATE TABLE task_part (id INTEGER)");
    const refusal = { code: "schema_mismatch", message: expect.stringContaining("the table task_part") as string };
    await expect(runMigrations(database.location, NOW)).rejects.toMatchObject(refusal);
  });

  it.skipIf(onPostgres)("when it has no records and lacks a column that one of its migrations creates", async () => {
    await using database = await databaseAt(BEFORE_CHECKSUMS);
    await database.run("ALTER TABLE outbox DROP COLUMN parked_at");
    const refusal = { code: "schema_mismatch", message: expect.stringContaining("outbox.parked_at") as string };
    await expect(runMigrations(database.location, NOW)).rejects.toMatchObject(refusal);
  });

  it.skipIf(onPostgres)("but not because of tables and indexes that an operator added", async () => {
    await using database = await databaseAt(BEFORE_CHECKSUMS);
    await database.run("CREATE TABLE notes (text TEXT)");
    await database.run("CREATE INDEX by_hand ON message (app_id)");
    await database.run("ANALYZE");
    await runMigrations(database.location, NOW);
    expect(await recordsOf(database)).toEqual(expected);
  });
});
