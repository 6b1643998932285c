/** A real PostgreSQL for tests: found or installed, started on data of its own, stopped by its process id. */
import { type ChildProcess, spawn } from "node:child_process";
import { chownSync, rmSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import pg from "pg";
import { eventually } from "./eventually.ts";
import { postgresBinaries } from "./postgres-binaries.ts";
import { type Account, folderOf, freePort, run, serviceAccount } from "./system.ts";

export interface TestPostgres extends AsyncDisposable {
  /** Of the database `postgres`, as the superuser. */
  readonly url: string;
  readonly port: number;
  /** Where its data are. */
  readonly data: string;
  /** Process id of the postmaster. */
  readonly pid: number;
  /** Ends it orderly (`SIGINT`), on the spot (`SIGQUIT`), or without its knowing (`SIGKILL`). */
  stop(signal?: "SIGINT" | "SIGQUIT" | "SIGKILL"): Promise<void>;
  /** Starts it again on the same data and port. */
  start(): Promise<void>;
}

export interface PostgresOptions {
  /** Settings of the server on top of those that bound it. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Certificate and key, as PEM: it takes connections with TLS too. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Of the superuser, who is let in without one unless it is given. */
  readonly password?: string;
}

/** Durable as in production, but small. */
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

/** How much of the end of the server's log, in characters, is told of one that does not start. */
const SAID_LENGTH = 4000;

/** Starts a server on data of its own. */
export async function startPostgres({ settings = {}, tls, password }: PostgresOptions = {}): Promise<TestPostgres> {
  const binaries = postgresBinaries();
  const account = serviceAccount();
  const folder = folderOf(account, "postgres");
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
  const ssl = tls === undefined ? "off" : "on";
  return serve({ binaries, account, folder, settings: { ssl, ...settings }, password });
}

/** Name of a stand-by in `synchronous_standby_names` of its primary. */
const STANDBY = "standby";

/**
 * Starts a stand-by of a server: a copy that follows it, takes no writes until it is promoted (`SELECT pg_promote()`), and has whatever the
 * primary has answered for.
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
  // From now on a commit is answered when the stand-by has it on its disk.
  await askOnce(primary.url, `ALTER SYSTEM SET synchronous_standby_names = '${STANDBY}'`);
  await askOnce(primary.url, "SELECT pg_reload_conf()");
  await eventually(async () => {
    const rows = await askOnce(primary.url, "SELECT sync_state FROM pg_stat_replication");
    if (rows[0]?.["sync_state"] !== "sync") throw new Error("The stand-by does not follow yet.");
  });
  return standby;
}

/** As `pg_basebackup` does, which comes with a client and not with every server. What is missing in the copy comes by the replication. */
async function copyData(from: TestPostgres, to: string, account: Account | null): Promise<void> {
  const client = new pg.Client({ connectionString: from.url });
  client.on("error", () => undefined);
  await client.connect();
  try {
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
  } finally {
    await client.end();
  }
}

interface Serving {
  readonly binaries: string;
  readonly account: Account | null;
  /** With the data in its folder `data`; deleted at the end. */
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
  let said = "";

  const killAtExit = (): void => void server?.kill("SIGQUIT");
  process.once("exit", killAtExit);
  const start = async (): Promise<void> => {
    const check = async (): Promise<void> => {
      // One that was killed leaves processes that end a little later, and until then no other can start.
      if (server === null || server.exitCode !== null) {
        server = spawn(join(binaries, "postgres"), ["-D", data, ...flags], {
          ...account,
          stdio: ["ignore", "ignore", "pipe"],
        });
        server.stderr!.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-SAID_LENGTH)));
      }
      await askOnce(url, "SELECT 1");
    };
    try {
      await eventually(check, { timeoutMs: 60_000, intervalMs: 100 });
    } catch (cause) {
      throw new Error(`PostgreSQL did not start. It said: ${said}`, { cause });
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

export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
}

/** Makes an empty database beside the one of this URL. It is dropped with all connections to it at the end. */
export async function createDatabase(serverUrl: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString("hex")}`;
  await askOnce(serverUrl, `CREATE DATABASE ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    [Symbol.asyncDispose]: async () => {
      await askOnce(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

/** The rows that a statement gives, on a connection of its own. */
async function askOnce(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
