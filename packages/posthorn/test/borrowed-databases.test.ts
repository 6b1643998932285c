/** Tests share databases one after the other: none may be affected by an earlier one. */
import { eventually, sharedPostgres } from "@posthorn/testkit";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { PostgresStore } from "../src/store/postgres/postgres-store.ts";
import { borrowDatabase } from "./support/postgres.ts";
import { acceptEntry, onPostgres, rowsIn } from "./support/store.ts";

/** Runs statements in a borrowed database, returns it, and returns its URL. */
async function used(...statements: readonly string[]): Promise<string> {
  await using database = await borrowDatabase();
  await run(database.url, statements);
  return database.url;
}

async function connectionsTo(url: string): Promise<number> {
  const client = new pg.Client(await sharedPostgres());
  await client.connect();
  const { rowCount } = await client.query("SELECT FROM pg_stat_activity WHERE datname = $1", [
    new URL(url).pathname.slice(1),
  ]);
  await client.end();
  return rowCount ?? 0;
}

async function run(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

describe.runIf(onPostgres)("a database that a test has returned", () => {
  it("is used again, without rows", async () => {
    let first: string;
    {
      await using database = await borrowDatabase();
      first = database.url;
      await using store = await PostgresStore.open(database);
      await store.accept(acceptEntry(1));
      expect(await rowsIn(store, "message")).toBe(1);
    }
    // PostgreSQL may notice a little later that a connection was closed.
    await eventually(async () => expect(await connectionsTo(first)).toBe(0));
    await using database = await borrowDatabase();
    expect(database.url).toBe(first);
    await using store = await PostgresStore.open(database);
    expect(await rowsIn(store, "message")).toBe(0);
    expect(await rowsIn(store, "delivery")).toBe(0);
  });

  it.each([
    ["a schema", "CREATE SCHEMA shop"],
    ["a table", "CREATE TABLE public.orders (id int)"],
    ["a column", "ALTER TABLE posthorn.application ADD COLUMN shop int"],
    [
      "a partition",
      "CREATE TABLE posthorn.far PARTITION OF posthorn.message FOR VALUES FROM (9000000000000000000) TO (9100000000000000000)",
    ],
    ["a function", "CREATE FUNCTION public.one() RETURNS int LANGUAGE sql AS 'SELECT 1'"],
    ["a setting", "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''1MB''', current_database()); END $$"],
  ])("is not used again if it has %s that others do not have", async (_name, statement) => {
    const changed = await used(statement);
    await using database = await borrowDatabase();
    expect(database.url).not.toBe(changed);
  });

  it("is not used again while a connection of the test is open", async () => {
    const url = await used("SELECT 1");
    const client = new pg.Client(url);
    await client.connect();
    {
      await using database = await borrowDatabase();
      expect(database.url).not.toBe(url);
    }
    await client.end();
  });
});
