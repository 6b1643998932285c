/**
 * PostgreSQL databases for tests. A database that was given back is emptied and reused in the same process. A new one is a copy of a database
 * with the current tables, since creating them takes a third of a second of CPU time.
 */
import { createDatabase, sharedPostgres, type TestDatabase } from "@posthorn/testkit";
import pg from "pg";
import { PostgresStore } from "../../src/store/postgres/postgres-store.ts";

/** Visits only tables and partitions that have a file with rows: an empty statement for each of the others takes longer than all of this. */
const EMPTY = `
  DO $$
  DECLARE name text;
  BEGIN
    FOR name IN SELECT relname FROM pg_class
      WHERE relnamespace = to_regnamespace('posthorn') AND relkind = 'r' AND pg_relation_size(oid) > 0 AND relname <> 'schema_version'
    LOOP EXECUTE format('DELETE FROM posthorn.%I', name);
    END LOOP;
    PERFORM setval(seqrelid, seqstart, false) FROM pg_sequence JOIN pg_class ON pg_class.oid = seqrelid
      WHERE relnamespace = to_regnamespace('posthorn');
  END $$`;

/** The database with the current tables, shared by all processes of the run. */
const TEMPLATE = "posthorn_template";

const free: string[] = [];
let template: Promise<string> | null = null;

/** A database with the tables of Posthorn and without rows. */
export async function borrowDatabase(): Promise<TestDatabase> {
  const used = free.pop();
  if (used !== undefined) await query(used, EMPTY);
  const url = used ?? (await newDatabase());
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      free.push(url);
    },
  };
}

async function newDatabase(): Promise<string> {
  const server = await sharedPostgres();
  template ??= makeTemplate(server);
  return (await createDatabase(server, await template)).url;
}

/** Creates the template unless another process has, and returns its name. */
async function makeTemplate(server: string): Promise<string> {
  const client = new pg.Client(server);
  await client.connect();
  try {
    await client.query("SELECT pg_advisory_lock(1)");
    const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = $1", [TEMPLATE]);
    if (rowCount === 0) {
      const { url } = await createDatabase(server);
      const store = await PostgresStore.open({ url });
      await store[Symbol.asyncDispose]();
      await query(url, EMPTY);
      // Renamed when it is complete. A copy needs a database without connections, and those of the store may close a little later.
      const name = new URL(url).pathname.slice(1);
      await client.query("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1", [name]);
      await client.query(`ALTER DATABASE ${name} RENAME TO ${TEMPLATE}`);
    }
  } finally {
    await client.end();
  }
  return TEMPLATE;
}

async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(sql);
  await client.end();
}
