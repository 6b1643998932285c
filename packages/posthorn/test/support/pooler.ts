/** A pooler between a store and its database, set up as in docs/postgresql.md. */
import { throughSharedPooler } from "@posthorn/testkit";
import pg from "pg";

export interface Pooled {
  /** URL through the pooler. */
  readonly url: string;
  readonly directUrl: string;
}

/** The connection URLs of a database on the server of this run. The owner has set where the tables are. */
export async function pooled(databaseUrl: string): Promise<Pooled> {
  await setSearchPath(databaseUrl);
  return { url: await throughSharedPooler(databaseUrl), directUrl: databaseUrl };
}

export async function setSearchPath(databaseUrl: string): Promise<void> {
  const name = new URL(databaseUrl).pathname.slice(1);
  const client = new pg.Client(databaseUrl);
  await client.connect();
  await client.query(`ALTER ROLE postgres IN DATABASE ${name} SET search_path = posthorn`);
  await client.end();
}
