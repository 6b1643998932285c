/** A real PostgreSQL for tests: found or installed, started with its own data, stopped by its process ID. */
import { type ChildProcess, spawn } from "node:child_process";
import { chownSync, rmSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import pg from "pg";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";
import { postgresBinaries } from "./postgres-binaries.ts";
import { type Account, folderOf, run, serviceAccount } from "./system.ts";

export interface TestPostgres extends AsyncDisposable {
  /** URL of the database `postgres`, as the superuser. */
  readonly url: string;
  readonly port: number;
  /** Its data folder. */
  readonly data: string;
  /** Process id of the postmaster. */
  readonly pid: number;
  /** Stops it gracefully (`SIGINT`), immediately (`SIGQUIT`), or like a crash (`SIGKILL`). */
  stop(signal?: "SIGINT" | "SIGQUIT" | "SIGKILL"): Promise<void>;
  /** Starts it again on the same data and port. */
  start(): Promise<void>;
}

export interface PostgresOptions {
  /** Additional settings of the server. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Parent of its data folder; the temporary folder by default. */
  readonly parent?: string;
  /** Certificate and key as PEM, to accept TLS connections too. With `clientCa`, those need a certificate that it signed. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa?: string };
  /** Password of the superuser. Without it, the superuser logs in without a password. */
  readonly password?: string;
}

/** As durable as in production, but small. */
const SETTINGS: Readonly<Record<string, string>> = {
  shared_buffers: "64MB",
  max_connections: "200",
  max_wal_size: "256MB",
  min_wal_size: "80MB",
  autovacuum_naptime: "10s",
  log_min_messages: "fatal",
  unix_socket_directories: "",
  listen_addresses: "127.0.0.1",
};

/** Characters from the end of the log that are reported if the server does not start. */
const LOG_TAIL_LENGTH = 4000;

/** Starts a server with its own data. */
export async function startPostgres(options: PostgresOptions = {}): Promise<TestPostgres> {
  const { settings = {}, tls, password, parent } = options;
  const binaries = postgresBinaries();
  const account = serviceAccount();
  const folder = folderOf(account, "postgres", parent);
  const data = join(folder, "data");
  const place = (path: string, text: string): void => {
    writeFileSync(path, text, { mode: 0o600 });
    if (account !== null) chownSync(path, account.uid, account.gid);
  };
  const passwordFile = join(folder, "password");
  if (password !== undefined) place(passwordFile, password);
  const lets = password === undefined ? ["-A", "trust"] : ["-A", "scram-sha-256", "--pwfile", passwordFile];
  run(
    join(binaries, "initdb"),
    ["-D", data, "-U", "postgres", ...lets, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
    account,
  );
  if (tls !== undefined) {
    place(join(data, "server.crt"), tls.cert);
    place(join(data, "server.key"), tls.key);
  }
  const ssl: Record<string, string> = { ssl: tls === undefined ? "off" : "on" };
  if (tls?.clientCa !== undefined) {
    place(join(data, "clients.crt"), tls.clientCa);
    ssl["ssl_ca_file"] = "clients.crt";
    const lines = "hostssl all all 127.0.0.1/32 trust clientcert=verify-ca\nhostnossl all all 127.0.0.1/32 trust\n";
    place(join(data, "pg_hba.conf"), lines);
  }
  return serve({ binaries, account, folder, settings: { ...ssl, ...settings }, password });
}

/** Name of a standby in `synchronous_standby_names` of its primary. */
const STANDBY = "standby";

/**
 * Starts a standby of a server: a copy that follows it, accepts no writes until it is promoted (`SELECT pg_promote()`), and has every commit
 * that the primary has acknowledged.
 */
export async function startStandby(primary: TestPostgres): Promise<TestPostgres> {
  const binaries = postgresBinaries();
  const account = serviceAccount();
  const folder = folderOf(account, "standby");
  await copyData(primary, join(folder, "data"), account);
  writeFileSync(join(folder, "data", "standby.signal"), "");
  const from = new URL(primary.url);
  const following = `host=${from.hostname} port=${from.port} user=postgres application_name=${STANDBY}`;
  const standby = await serve({
    binaries,
    account,
    folder,
    settings: { primary_conninfo: following, log_min_messages: "panic" },
  });
  // From now on a commit returns when the standby has it on its disk.
  await queryOnce(primary.url, `ALTER SYSTEM SET synchronous_standby_names = '${STANDBY}'`);
  await queryOnce(primary.url, "SELECT pg_reload_conf()");
  await eventually(async () => {
    const rows = await queryOnce(primary.url, "SELECT sync_state FROM pg_stat_replication");
    if (rows[0]?.["sync_state"] !== "sync") throw new Error("The standby has not caught up yet.");
  });
  return standby;
}

/** Copies the data like `pg_basebackup`, which not every server package includes. Replication sends the missing changes. */
async function copyData(from: TestPostgres, to: string, account: Account | null): Promise<void> {
  await onClient(from.url, async (client) => {
    const { rows } = await client.query<{ old: boolean }>(
      "SELECT current_setting('server_version_num')::int < 150000 AS old",
    );
    const [begin, end] = rows[0]!.old
      ? ["pg_start_backup('standby', TRUE, FALSE)", "pg_stop_backup(FALSE, FALSE)"]
      : ["pg_backup_start('standby', TRUE)", "pg_backup_stop(FALSE)"];
    await client.query(`SELECT ${begin}`);
    run("cp", ["-a", from.data, to], account);
    const stopped = await client.query<{ labelfile: string }>(`SELECT labelfile FROM ${end}`);
    for (const name of ["postmaster.pid", "postmaster.opts"]) rmSync(join(to, name), { force: true });
    const label = join(to, "backup_label");
    writeFileSync(label, stopped.rows[0]!.labelfile, { mode: 0o600 });
    if (account !== null) chownSync(label, account.uid, account.gid);
  });
}

interface Serving {
  readonly binaries: string;
  readonly account: Account | null;
  /** Contains the data in its subfolder `data`. Deleted at the end. */
  readonly folder: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly password?: string | undefined;
}

async function serve({ binaries, account, folder, settings, password }: Serving): Promise<TestPostgres> {
  const data = join(folder, "data");
  const port = await freePort();
  const flags = Object.entries({ ...SETTINGS, ...settings, port: String(port) }).flatMap(([name, value]) => [
    "-c",
    `${name}=${value}`,
  ]);
  const user = password === undefined ? "postgres" : `postgres:${password}`;
  const url = `postgres://${user}@127.0.0.1:${port}/postgres`;
  let server: ChildProcess | null = null;
  let logTail = "";

  const killAtExit = (): void => void server?.kill("SIGQUIT");
  process.once("exit", killAtExit);
  const start = async (): Promise<void> => {
    const check = async (): Promise<void> => {
      // A killed server leaves child processes that exit a little later. Until then, a new server cannot start.
      if (server === null || server.exitCode !== null) {
        server = spawn(join(binaries, "postgres"), ["-D", data, ...flags], {
          ...account,
          stdio: ["ignore", "ignore", "pipe"],
        });
        server
          .stderr!.setEncoding("utf8")
          .on("data", (text: string) => (logTail = (logTail + text).slice(-LOG_TAIL_LENGTH)));
      }
      await queryOnce(url, "SELECT 1");
    };
    try {
      await eventually(check, { timeoutMs: 60_000, intervalMs: 100 });
    } catch (cause) {
      throw new Error(`PostgreSQL did not start. End of its log: ${logTail}`, { cause });
    }
  };
  const stop = async (signal: "SIGINT" | "SIGQUIT" | "SIGKILL" = "SIGINT"): Promise<void> => {
    const running = server;
    if (running === null) return;
    server = null;
    const ended = new Promise((resolve) => void running.once("exit", resolve));
    running.kill(signal);
    await ended;
  };
  await start();
  return {
    url,
    port,
    data,
    get pid() {
      return server!.pid!;
    },
    start,
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop("SIGQUIT");
      process.off("exit", killAtExit);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** From version 15 on, PostgreSQL writes a new database to the WAL page by page. Without fsync, copying files takes half the CPU time. */
const COPY_STRATEGY = `SELECT CASE WHEN current_setting('fsync') = 'off' AND current_setting('server_version_num')::int >= 150000
  THEN 'STRATEGY file_copy' ELSE '' END AS strategy`;

export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
}

/**
 * Creates a database on the server of this URL. It is dropped with all connections to it at the end.
 *
 * @param template Database of the server to copy, without connections to it; an empty one by default.
 */
export async function createDatabase(serverUrl: string, template = "template1"): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString("hex")}`;
  await onClient(serverUrl, async (client) => {
    const { rows } = await client.query<{ strategy: string }>(COPY_STRATEGY);
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${template} ${rows[0]!.strategy}`);
  });
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    [Symbol.asyncDispose]: async () => {
      await queryOnce(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

/** Runs a statement on a new connection and returns its rows. */
function queryOnce(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  return onClient(url, async (client) => (await client.query<Record<string, unknown>>(sql)).rows);
}

async function onClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
