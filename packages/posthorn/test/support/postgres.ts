/** PostgreSQL databases for tests: a few for each process of the run, emptied and reused, since creating one takes a second. */
import { createDatabase, sharedPostgres, type TestDatabase } from "@posthorn/testkit";
import pg from "pg";

const EMPTY = `
  DO $$
  DECLARE name text;
  BEGIN
    FOR name IN SELECT relname FROM pg_class
      WHERE relnamespace = to_regnamespace('posthorn') AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> 'schema_version'
    LOOP EXECUTE format('DELETE FROM posthorn.%I', name);
    END LOOP;
  END $$`;

const free: string[] = [];

/** A database without rows, with the tables of its previous user. */
export async function borrowDatabase(): Promise<TestDatabase> {
  const url = free.pop() ?? (await createDatabase(await sharedPostgres())).url;
  const client = new pg.Client(url);
  await client.connect();
  await client.query(EMPTY);
  await client.end();
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      free.push(url);
    },
  };
}
