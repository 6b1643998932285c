/**
 * PostgreSQL databases for tests. A database that was returned is emptied and reused in the same process, unless its test has changed more
 * than rows. A new one is a copy of a database with the current tables, since creating them takes a third of a second of CPU time.
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

/**
 * Detects changes that emptying tables does not undo: a table, partition, function or setting that a test has added, changed or removed.
 * Each partition slows down every query, so that a few hundred of them would slow down all tests after the one that created them.
 */
const SCHEMA = `SELECT md5(concat_ws(' ',
    (SELECT string_agg(oid || '-' || relnatts, ',' ORDER BY oid) FROM pg_class WHERE oid >= 16384),
    (SELECT string_agg(oid || '-' || xmin, ',' ORDER BY oid) FROM pg_proc WHERE oid >= 16384),
    (SELECT string_agg(oid::text, ',' ORDER BY oid) FROM pg_trigger WHERE oid >= 16384),
    (SELECT string_agg(nspname, ',' ORDER BY oid) FROM pg_namespace WHERE oid >= 16384 AND nspname NOT LIKE 'pg\\_%'),
    (SELECT string_agg(setconfig::text, ',') FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase
      WHERE datname = current_database()))) AS schema,
  (SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database()) AS connections`;

/** The database with the current tables, shared by all processes of the run. */
const TEMPLATE = "posthorn_template";

const free: TestDatabase[] = [];
let template: Promise<string> | null = null;
/** Of a new copy of the template. */
let copied: string | null = null;

/** A database with the tables of Posthorn and without rows. */
export async function borrowDatabase(): Promise<TestDatabase> {
  const database = (await reusable()) ?? (await newDatabase());
  return {
    url: database.url,
    [Symbol.asyncDispose]: async () => {
      free.push(database);
    },
  };
}

/** Empties the database that was returned last, and drops earlier ones that a test has changed. */
async function reusable(): Promise<TestDatabase | null> {
  const busy: TestDatabase[] = [];
  try {
    for (let last = free.pop(); last !== undefined; last = free.pop()) {
      const state = await withClient(last.url, prepareAgain);
      if (state === "empty") return last;
      if (state === "busy") busy.push(last);
      else await last[Symbol.asyncDispose]();
    }
    return null;
  } finally {
    free.unshift(...busy);
  }
}

/** Empties the database, unless a connection of its last test is still open. */
async function prepareAgain(client: pg.Client): Promise<"empty" | "busy" | "changed"> {
  const { schema, connections } = await schemaOf(client);
  if (connections > 1) return "busy";
  if (schema !== copied) return "changed";
  await client.query(EMPTY);
  return "empty";
}

async function schemaOf(client: pg.Client): Promise<{ readonly schema: string; readonly connections: number }> {
  return (await client.query<{ schema: string; connections: number }>(SCHEMA)).rows[0]!;
}

async function newDatabase(): Promise<TestDatabase> {
  const server = await sharedPostgres();
  template ??= makeTemplate(server);
  const database = await createDatabase(server, await template);
  copied ??= (await withClient(database.url, schemaOf)).schema;
  return database;
}

/** Creates the template unless another process has, and returns its name. */
async function makeTemplate(server: string): Promise<string> {
  await withClient(server, async (client) => {
    await client.query("SELECT pg_advisory_lock(1)");
    const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = $1", [TEMPLATE]);
    if (rowCount === 0) {
      const { url } = await createDatabase(server);
      const store = await PostgresStore.open({ url });
      await store[Symbol.asyncDispose]();
      await withClient(url, (own) => own.query(EMPTY));
      // Renamed when it is complete. A copy needs a database without connections, and those of the store may close a little later.
      const name = new URL(url).pathname.slice(1);
      await client.query("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1", [name]);
      await client.query(`ALTER DATABASE ${name} RENAME TO ${TEMPLATE}`);
    }
  });
  return TEMPLATE;
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
