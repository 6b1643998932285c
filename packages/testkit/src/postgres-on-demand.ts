/**
 * One PostgreSQL for a whole run of tests, and one pooler in front of it, each started on the first request. Runs as Vitest's
 * `globalSetup`, so test processes end before the servers do.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { text } from "node:stream/consumers";
import { startPgBouncer } from "./pgbouncer.ts";
import { startPostgres, type TestPostgres } from "./postgres.ts";

/**
 * Tests kill processes and not machines: data that PostgreSQL has passed to the system is safe, and commits need not wait for the disk.
 * Autovacuum would visit hundreds of databases that are dropped soon, and compiling queries takes longer than running them here.
 */
const SETTINGS = { fsync: "off", autovacuum: "off", jit: "off" };

/** The sockets on which the processes of the run request each service. */
const POSTGRES = "POSTHORN_TEST_POSTGRES_PORT";
const POOLER = "POSTHORN_TEST_POOLER_PORT";

export async function setup(): Promise<() => Promise<void>> {
  const stack = new AsyncDisposableStack();
  let starting: Promise<TestPostgres> | null = null;
  const postgres = async (): Promise<string> => {
    starting ??= startPostgres({ settings: SETTINGS }).then((server) => stack.use(server));
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

/** Starts the service on the first connection, and sends its URL on every connection. */
async function offer(variable: string, start: () => Promise<string>): Promise<Disposable> {
  let starting: Promise<string> | null = null;
  const starter = createServer((socket) => {
    socket.on("error", () => undefined);
    starting ??= start();
    starting.then(
      (url) => socket.end(url),
      (error: unknown) => socket.end(String(error)),
    );
  });
  starter.listen(0, "127.0.0.1");
  await once(starter, "listening");
  process.env[variable] = String((starter.address() as AddressInfo).port);
  return { [Symbol.dispose]: () => void starter.close() };
}

async function ask(variable: string): Promise<string> {
  const response = await text(connect(Number(process.env[variable]), "127.0.0.1"));
  if (!response.startsWith("postgres://")) throw new Error(`The service did not start: ${response}`);
  return response;
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
