/** Backup and restore of a PostgreSQL database with the programs of PostgreSQL. */
import { statSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { COPYING, RESTORING } from "../copy/tables.ts";
import { copyUnfinished, restoreUnfinished, StoreError } from "../errors.ts";
import { migrationChecksum } from "../migrations/list.ts";
import { clientConfig } from "../postgres/connections.ts";
import { toStoreError } from "../postgres/errors.ts";
import { LOCK, tryLockForSession } from "../postgres/locks.ts";
import { checkMigrations, migrate } from "../postgres/migrate.ts";
import { ensurePartitions } from "../postgres/partitions.ts";
import { SCHEMA } from "../postgres/schema-name.ts";
import { Servers } from "../postgres/servers.ts";
import { type BackupFolder, cannotWrite } from "./folder.ts";
import { listWithoutSchema } from "./dump-list.ts";
import type { BackupContent, BackupKey, Manifest } from "./manifest.ts";
import { type Pace, requireSameCounts } from "./pace.ts";
import { requireTool, runTool, type ToolConnection, toolConnection, type ToolOptions } from "./postgres-tools.ts";
import { afterRestore, KEYS_OF_BACKUP, type KeyOfBackup, toBackupKey } from "./rows.ts";

/** Name of the dump in the backup. */
export const POSTGRES_FILE = "posthorn.dump";
const PROGRESS_MS = 1000;

/** A connection for a statement that can take long, and the same server for the tools. */
interface Connection extends AsyncDisposable {
  readonly client: pg.Client;
  readonly tools: ToolConnection;
  /** Major version of the server. */
  readonly server: number;
  readonly serverVersion: string;
}

async function connect(url: string): Promise<Connection> {
  const servers = new Servers(url);
  // No query timeout: reading a large table can take long.
  const client = await servers
    .connect((each) => new pg.Client({ ...clientConfig({ url: each, use: "schema" }), query_timeout: 0 }))
    .catch((error: unknown) => {
      throw toStoreError(error);
    });
  const { rows } = await client.query<{ version: string; number: string }>(
    "SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number",
  );
  return {
    client,
    // The tools must reach the same server as this connection.
    tools: toolConnection(servers.url),
    server: Math.floor(Number(rows[0]!.number) / 10_000),
    serverVersion: rows[0]!.version,
    [Symbol.asyncDispose]: () => client.end().catch(() => undefined),
  };
}

/** Dumps the schema while nodes use it. The dump and the counted rows are of one snapshot. */
export async function backupPostgres(
  url: string,
  folder: BackupFolder,
  { tool, pace }: { readonly tool: ToolOptions; readonly pace: Pace },
): Promise<BackupContent> {
  await using connection = await connect(url);
  const { client, tools, server, serverVersion } = connection;
  await requireTool("pg_dump", server, tool);
  const at = Date.now();
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  await client.query("SET LOCAL idle_in_transaction_session_timeout = 0");
  const migrations = await migrationsOf(client);
  const { rows } = await client.query<{ snapshot: string }>("SELECT pg_export_snapshot() AS snapshot");
  const file = join(folder.path, POSTGRES_FILE);
  const timer = setInterval(() => pace.reached(sizeOf(file), null), PROGRESS_MS);
  try {
    await runTool(
      "pg_dump",
      [
        "--format=custom",
        `--schema=${SCHEMA}`,
        `--snapshot=${rows[0]!.snapshot}`,
        "--no-password",
        `--file=${file}`,
        `--dbname=${tools.url}`,
      ],
      { ...tool, variables: tools.variables },
    );
  } catch (error) {
    throw /No space left on device/i.test(String(error)) ? cannotWrite(folder.path, { code: "ENOSPC" }) : error;
  } finally {
    clearInterval(timer);
  }
  const tables = await countRows(client);
  const keys = await keysOf(client, tables);
  await client.query("COMMIT");
  return { database: "postgres", databaseVersion: serverVersion, at, migrations, tables, keys };
}

async function migrationsOf(client: pg.Client): Promise<BackupContent["migrations"]> {
  if (await hasTable(client, COPYING)) throw copyUnfinished();
  if (await hasTable(client, RESTORING)) throw restoreUnfinished();
  const applied = (await checkMigrations(client)).filter((state) => state.applied);
  if (applied.length === 0) throw new StoreError("backup_refused", "The database contains no data of Posthorn.");
  return applied.map(({ name, version }) => ({ name, checksum: migrationChecksum("postgres", version) }));
}

async function hasTable(client: pg.Client, name: string): Promise<boolean> {
  const { rows } = await client.query<{ known: unknown }>("SELECT to_regclass($1) AS known", [`${SCHEMA}.${name}`]);
  return rows[0]!.known !== null;
}

/** Counts the rows of each table, of partitioned ones as a whole. */
async function countRows(client: pg.Client): Promise<Record<string, number>> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = to_regnamespace($1) AND relkind IN ('r', 'p')
       AND NOT relispartition AND relname <> $2 ORDER BY relname`,
    [SCHEMA, RESTORING],
  );
  const counts: Record<string, number> = {};
  for (const { name } of rows) {
    const counted = await client.query<{ rows: number }>(`SELECT count(*) AS rows FROM ${SCHEMA}."${name}"`);
    counts[name] = counted.rows[0]!.rows;
  }
  return counts;
}

async function keysOf(client: pg.Client, tables: Readonly<Record<string, number>>): Promise<readonly BackupKey[]> {
  if (!("encryption_key" in tables)) return [];
  return (await client.query<KeyOfBackup>(KEYS_OF_BACKUP)).rows.map(toBackupKey);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Checks that `pg_restore` can read the dump. Throws `backup_refused` otherwise. */
export async function checkDump(folder: string, tool: ToolOptions): Promise<string> {
  return runTool("pg_restore", ["--list", join(folder, POSTGRES_FILE)], tool);
}

export interface PostgresRestoreOptions {
  /** Folder of the backup. */
  readonly folder: string;
  readonly manifest: Manifest;
  /** Replaces a schema that has tables. */
  readonly replaces: boolean;
  readonly tool: ToolOptions;
  /** Restores no grants, for a server that lacks the roles of the original one. */
  readonly withoutGrants: boolean;
  readonly temporary: string;
}

/**
 * Restores the dump in a backup into a database. Until it is complete, no node starts on it. Returns the name of the schema to which
 * replaced data was moved; `null`: there was none.
 */
export async function restorePostgres(url: string, options: PostgresRestoreOptions): Promise<string | null> {
  const { folder, manifest, tool, withoutGrants, temporary } = options;
  await using connection = await connect(url);
  const { client, tools, server } = connection;
  await requireTool("pg_restore", server, tool);
  const list = listWithoutSchema(await checkDump(folder, tool), temporary);
  if (!(await tryLockForSession(client, LOCK.node))) {
    throw new StoreError("restore_refused", "Nodes are using this database. Stop all of them, then restore.");
  }
  const aside = await makeRoom(client, options);
  await runTool(
    "pg_restore",
    [
      "--exit-on-error",
      "--single-transaction",
      "--no-owner",
      ...(withoutGrants ? ["--no-privileges"] : []),
      "--no-password",
      `--use-list=${list}`,
      `--dbname=${tools.url}`,
      join(folder, POSTGRES_FILE),
    ],
    { ...tool, variables: tools.variables },
  );
  requireSameCounts(manifest, await countRows(client));
  await migrate(client, Date.now());
  await ensurePartitions(client, Date.now());
  await client.query("BEGIN");
  for (const sql of afterRestore("postgres", Date.now(), Date.parse(manifest.at))) await client.query(sql);
  await client.query(`DROP TABLE ${SCHEMA}.${RESTORING}`);
  await client.query("COMMIT");
  await client.query("ANALYZE").catch(() => undefined);
  return aside;
}

/** Leaves an empty schema with the mark of an unfinished restore. */
async function makeRoom(client: pg.Client, { replaces }: PostgresRestoreOptions): Promise<string | null> {
  const { rows } = await client.query<{ name: string }>(
    "SELECT relname AS name FROM pg_class WHERE relnamespace = to_regnamespace($1)",
    [SCHEMA],
  );
  const isLeftOver = rows.some(({ name }) => name === RESTORING);
  if (rows.length > 0 && !isLeftOver && !replaces) {
    throw new StoreError(
      "restore_refused",
      `The database has a schema ${SCHEMA} with data. Restore into another database, or use --replace: it renames this schema and puts the backup in its place.`,
    );
  }
  const aside =
    rows.length > 0 && !isLeftOver ? `${SCHEMA}_replaced_${new Date().toISOString().replaceAll(/\D/g, "")}` : null;
  await client.query("BEGIN");
  // An interrupted `pg_restore` may still run. This waits for it.
  if (isLeftOver) await client.query(`DROP SCHEMA ${SCHEMA} CASCADE`);
  if (aside !== null) await client.query(`ALTER SCHEMA ${SCHEMA} RENAME TO ${aside}`);
  // Not `IF NOT EXISTS`, which needs the right to create schemas even if it exists.
  const known = await client.query<{ known: unknown }>("SELECT to_regnamespace($1) AS known", [SCHEMA]);
  if (known.rows[0]!.known === null) await client.query(`CREATE SCHEMA ${SCHEMA}`);
  await client.query(`CREATE TABLE ${SCHEMA}.${RESTORING} (begun_at bigint NOT NULL)`);
  await client.query("COMMIT");
  return aside;
}
