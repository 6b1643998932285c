/**
 * One PostgreSQL for a whole run of tests, and one pooler in front of it, each started on the first request. Runs as Vitest's
 * `globalSetup`, so test processes end before the servers do.
 */
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { removeAbandoned } from "./abandoned.ts";
import { FILE, POSTGRES_FILE } from "./costs-file.ts";
import { ask, offer } from "./on-demand.ts";
import { startPgBouncer } from "./pgbouncer.ts";
import { startPostgres, type TestPostgres } from "./postgres.ts";
import { fastFolder } from "./system.ts";

/**
 * Tests kill processes, not machines. Data that PostgreSQL has passed to the operating system is safe, so commits need not wait for the
 * disk, full-page writes can be off, and few checkpoints suffice. Nothing replicates this server. Autovacuum would process hundreds of
 * databases that are dropped soon, and compiling queries (JIT) takes longer than running them here.
 */
const SETTINGS = {
  fsync: "off",
  full_page_writes: "off",
  wal_level: "minimal",
  max_wal_senders: "0",
  checkpoint_timeout: "1h",
  autovacuum: "off",
  jit: "off",
};

/** The sockets on which the processes of the run request each service. */
const POSTGRES = "POSTHORN_TEST_POSTGRES_PORT";
const POOLER = "POSTHORN_TEST_POOLER_PORT";

export async function setup(): Promise<() => Promise<void>> {
  const stack = new AsyncDisposableStack();
  let starting: Promise<TestPostgres> | null = null;
  const start = async (): Promise<TestPostgres> => {
    const parent = fastFolder();
    for (const folder of new Set([parent, tmpdir()])) await removeAbandoned(folder);
    return stack.use(await startPostgres({ settings: SETTINGS, parent }));
  };
  const postgres = async (): Promise<string> => {
    starting ??= start();
    if (FILE !== undefined) writeFileSync(POSTGRES_FILE, String((await starting).pid));
    return (await starting).url;
  };
  const pooler = async (): Promise<string> => {
    const url = await postgres();
    return stack.use(await startPgBouncer(url)).through(url);
  };
  stack.use(await offer(POSTGRES, postgres));
  stack.use(await offer(POOLER, pooler));
  return () => stack.disposeAsync();
}

/** URL of the server of this run, on which tests create databases. */
export function sharedPostgres(): Promise<string> {
  return ask(POSTGRES);
}

/** The same database of that server through the pooler of this run: in transaction mode, with a few connections for each database. */
export async function throughSharedPooler(databaseUrl: string): Promise<string> {
  const url = new URL(databaseUrl);
  url.port = new URL(await ask(POOLER)).port;
  return url.href;
}
