/** A real PgBouncer for tests, in transaction mode: each transaction gets any free connection to the server. */
import { type ChildProcess, spawn } from "node:child_process";
import { chownSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";
import { folderOf, installPackage, pathFolders, serviceAccount } from "./system.ts";

export interface TestPgBouncer extends AsyncDisposable {
  /** The same database through the pooler. */
  through(url: string): string;
  /** Number of transactions to a database through the pooler so far. */
  transactions(database: string): Promise<number>;
  /** Kills it. */
  stop(): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
}

/** Fewer connections to the server than a node has to the pooler, so that they are shared. */
const POOL_SIZE = 4;

/** Starts one in front of all databases of a server on this machine, for its superuser. */
export async function startPgBouncer(serverUrl: string): Promise<TestPgBouncer> {
  const binary = findBinary();
  const account = serviceAccount();
  const folder = folderOf(account, "pgbouncer");
  const port = await freePort();
  const users = join(folder, "users.txt");
  const config = join(folder, "pgbouncer.ini");
  writeFileSync(users, '"postgres" ""\n');
  writeFileSync(
    config,
    `[databases]
* = host=127.0.0.1 port=${new URL(serverUrl).port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
admin_users = postgres
pool_mode = transaction
default_pool_size = ${POOL_SIZE}
max_client_conn = 200
server_login_retry = 1
`,
  );
  if (account !== null) for (const file of [users, config]) chownSync(file, account.uid, account.gid);

  const through = (url: string): string => {
    const other = new URL(url);
    other.port = String(port);
    return other.href;
  };
  const show = async (what: string): Promise<readonly Record<string, string>[]> => {
    const client = new pg.Client(through("postgres://postgres@127.0.0.1/pgbouncer"));
    await client.connect();
    try {
      return (await client.query<Record<string, string>>(`SHOW ${what}`)).rows;
    } finally {
      await client.end();
    }
  };

  let pooler: ChildProcess | null = null;
  const killAtExit = (): void => void pooler?.kill("SIGKILL");
  process.once("exit", killAtExit);
  const start = async (): Promise<void> => {
    const check = async (): Promise<void> => {
      // Another process may have used its port in between.
      if (pooler === null || pooler.exitCode !== null) {
        pooler = spawn(binary, ["-q", config], { ...account, stdio: ["ignore", "ignore", "ignore"] });
      }
      await show("VERSION");
    };
    await eventually(check, { intervalMs: 100 });
  };
  const stop = async (): Promise<void> => {
    const running = pooler;
    if (running === null) return;
    pooler = null;
    const ended = new Promise((resolve) => void running.once("exit", resolve));
    running.kill("SIGKILL");
    await ended;
  };
  await start();
  return {
    through,
    transactions: async (name) => {
      const row = (await show("STATS")).find(({ database }) => database === name);
      return Number(row?.["total_xact_count"] ?? 0);
    },
    start,
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
      process.off("exit", killAtExit);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function findBinary(): string {
  const found = installed();
  if (found !== null) return found;
  installPackage("pgbouncer");
  const now = installed();
  if (now === null) throw new Error("PgBouncer is not installed. Install it so that pgbouncer is on the PATH.");
  return now;
}

function installed(): string | null {
  const places = ["/usr/sbin", ...pathFolders()].map((folder) => join(folder, "pgbouncer"));
  return places.find((place) => existsSync(place)) ?? null;
}
