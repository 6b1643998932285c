/** Checks of the database: whether it can be used, its version and settings, its schema, and the nodes on it. */
import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { Config, DatabaseConfig } from "../../config/config.ts";
import { VERSION } from "../../lib/version.ts";
import { fixedThreads, shareOf } from "../../node/thread.ts";
import { migrationStates } from "../../store/migrate.ts";
import { onOwnClient } from "../../store/postgres/connections.ts";
import { hasJournalFile } from "../../store/sqlite/journal/apply.ts";
import { journalPath } from "../../store/sqlite/journal/format.ts";
import { maxThreads } from "../../threads/max-threads.ts";
import { type Finding, ok, problem, reasonOf, skipped, warning } from "./finding.ts";
import { checkPackagesOfCluster, checkPackagesOfFile } from "./packages.ts";

type Postgres = Extract<DatabaseConfig, { kind: "postgres" }>;

const MIN_POSTGRES = 14;
const SLOW_MS = 20;
const CLOCK_MS = 1000;

/** `deep`: reads the whole file of SQLite. */
export async function checkDatabase(config: Config, deep: boolean): Promise<readonly Finding[]> {
  const { database } = config;
  if (database.kind === "postgres") return checkPostgres(database, connectionsOf(config));
  const { path } = database;
  if (!existsSync(path)) return [ok("database", `${path} does not exist yet. The first start creates it.`)];
  try {
    return [...checkFile(path, deep), await checkSchema(database), ...checkPackagesOfFile(path)];
  } catch (error) {
    const fix = "Check the permissions of the file, or restore a backup: see docs/operations/backup.md.";
    return [problem("database", `${path} cannot be read: ${reasonOf(error)}.`, fix)];
  }
}

function checkFile(path: string, deep: boolean): readonly Finding[] {
  using db = new DatabaseSync(path, { readOnly: true });
  const { journal_mode: mode } = db.prepare("PRAGMA journal_mode").get() as { journal_mode: string };
  const fix = "Start the server once, which restores the mode. Another program may have changed it.";
  const state =
    mode === "wal"
      ? ok("database", `SQLite at ${path}.`)
      : warning("database", `SQLite's journal mode is ${mode}.`, fix);
  const found = [state, ...checkJournal(db, path)];
  if (!deep)
    return [
      ...found,
      skipped("database.integrity", "The pages of the file were not checked. Add --deep to check them."),
    ];
  const { integrity_check: result } = db.prepare("PRAGMA integrity_check(1)").get() as { integrity_check: string };
  if (result === "ok") return [...found, ok("database.integrity", "Every page of the file is intact.")];
  const restore = "Stop the server and restore a backup: see docs/operations/backup.md.";
  return [...found, problem("database.integrity", `The file is damaged: ${result}.`, restore)];
}

/** Nothing to report unless the commit journal was deleted. Its contents are checked at the start, when no server changes them. */
function checkJournal(db: DatabaseSync, path: string): readonly Finding[] {
  const isMissing = (): boolean => hasJournalFile(db) && !existsSync(journalPath(path));
  // Twice, because a server that stops records the end of its journal before it deletes it.
  if (!isMissing() || !isMissing()) return [];
  const found = `The commit journal ${journalPath(path)} is missing. It may have contained accepted messages that are not in the database yet.`;
  const fix =
    "If the server is running, stop it with SIGTERM, which stores everything in the database. Otherwise publish the messages of the last seconds before it ended again: see docs/operations/backup.md.";
  return [warning("database.journal", found, fix)];
}

async function checkSchema(database: DatabaseConfig): Promise<Finding> {
  try {
    const states = await migrationStates(database);
    const different = states.find(({ difference }) => difference !== null);
    if (different !== undefined) {
      return problem(
        "database.schema",
        different.difference!,
        "Start the version of Posthorn that this database belongs to.",
      );
    }
    const missing = states.filter(({ applied }) => !applied).length;
    if (missing === 0) return ok("database.schema", "The schema matches this version.");
    return ok("database.schema", `${missing} migrations are pending. The next start runs them.`);
  } catch (error) {
    const fix = "Start the newer version of Posthorn that migrated this database, or restore a backup.";
    return problem("database.schema", `${reasonOf(error)}.`, fix);
  }
}

interface Facts {
  readonly version: string;
  readonly number: number;
  readonly fsync: string;
  readonly full_page_writes: string;
  readonly synchronous_commit: string;
  readonly max_connections: number;
  readonly used: number;
  readonly now: number;
}

const FACTS = `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
  current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes,
  current_setting('synchronous_commit') AS synchronous_commit, current_setting('max_connections')::int AS max_connections,
  (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
  (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now`;

/** @param connections How many a process may have. */
async function checkPostgres(database: Postgres, connections: number): Promise<readonly Finding[]> {
  const options = {
    url: database.directUrl ?? database.url,
    use: "coordination",
    timeoutMs: database.timeoutMs,
  } as const;
  try {
    return await onOwnClient(options, async (client) => {
      const read = async () => (await client.query<Facts>(FACTS)).rows[0]!;
      await read();
      const start = Date.now();
      const facts = await read();
      const tookMs = Date.now() - start;
      const clockMs = Math.abs(facts.now - (start + tookMs / 2));
      return [
        checkVersion(facts),
        checkSettings(facts),
        checkConnections(facts, connections),
        checkLatency(tookMs),
        checkClock(clockMs),
        await checkSchema(database),
        ...(await checkNodes(async (sql) => (await client.query<NodeRow>(sql)).rows)),
        ...(await checkPackagesOfCluster(async (sql) => (await client.query<object>(sql)).rows)),
      ];
    });
  } catch (error) {
    const fix = "Check the URL in POSTHORN_DATABASE_URL, the network, and that PostgreSQL is running.";
    return [problem("database", `PostgreSQL cannot be used: ${reasonOf(error)}.`, fix)];
  }
}

function checkVersion({ version, number }: Facts): Finding {
  if (number >= MIN_POSTGRES * 10_000) return ok("database", `PostgreSQL ${version}.`);
  return problem("database", `PostgreSQL ${version} is too old.`, `Use PostgreSQL ${MIN_POSTGRES} or newer.`);
}

function checkSettings({ fsync, full_page_writes: pages, synchronous_commit: commit }: Facts): Finding {
  const off = [
    ...(fsync === "on" ? [] : ["fsync"]),
    ...(pages === "on" ? [] : ["full_page_writes"]),
    ...(commit === "off" ? ["synchronous_commit"] : []),
  ];
  if (off.length === 0) return ok("database.durability", "PostgreSQL confirms commits only once they are on disk.");
  const found = `${off.join(" and ")} ${off.length === 1 ? "is" : "are"} off: a crash of PostgreSQL loses accepted messages.`;
  return problem("database.durability", found, `Turn ${off.join(" and ")} on in postgresql.conf.`);
}

/** See docs/postgresql.md: eight connections per thread, and their shares of those of the setting. */
function connectionsOf(config: Config): number {
  const threads = fixedThreads(config) ?? maxThreads("postgres");
  const { database } = shareOf(config, threads);
  return database.kind === "postgres" ? threads * (8 + database.connections) : 0;
}

function checkConnections({ max_connections: most, used }: Facts, perProcess: number): Finding {
  const found = `${used} of ${most} connections are used; a process needs up to ${perProcess}.`;
  if (most - used >= perProcess || used >= perProcess) return ok("database.connections", found);
  const fix = "Raise max_connections, or lower POSTHORN_THREADS or POSTHORN_DATABASE_CONNECTIONS.";
  return warning("database.connections", found, fix);
}

function checkLatency(ms: number): Finding {
  const found = `PostgreSQL responds in ${ms} ms.`;
  return ms < SLOW_MS
    ? ok("database.latency", found)
    : warning("database.latency", found, "Run the nodes in the same region as PostgreSQL.");
}

function checkClock(ms: number): Finding {
  const found = `The clocks of this machine and of PostgreSQL differ by ${Math.round(ms)} ms.`;
  return ms < CLOCK_MS
    ? ok("clock.database", found)
    : warning(
        "clock.database",
        found,
        "Synchronise both clocks with NTP: receivers refuse signatures with a wrong time.",
      );
}

interface NodeRow {
  readonly host: string;
  readonly version: string;
  readonly secrets_mark: string;
}

async function checkNodes(query: (sql: string) => Promise<readonly NodeRow[]>): Promise<readonly Finding[]> {
  let nodes: readonly NodeRow[];
  try {
    nodes = await query(
      "SELECT host, version, secrets_mark FROM posthorn.node WHERE leased_until > posthorn.clock_ms()",
    );
  } catch {
    return [skipped("nodes", "This database has no Posthorn tables yet.")];
  }
  if (nodes.length === 0) return [ok("nodes", "No node runs on this database.")];
  const listed = nodes.map(({ host, version }) => `${host} (${version})`).join(", ");
  const findings: Finding[] = [];
  const versions = new Set([...nodes.map(({ version }) => version), VERSION]);
  findings.push(
    versions.size === 1
      ? ok("nodes.version", `All nodes run this version: ${listed}.`)
      : warning(
          "nodes.version",
          `Nodes run different versions: ${listed}; this is ${VERSION}.`,
          "Finish the upgrade: see docs/operations/running.md.",
        ),
  );
  if (new Set(nodes.map(({ secrets_mark: mark }) => mark)).size > 1) {
    const fix = "Give all nodes the same POSTHORN_JWT_SECRET, and restart them.";
    findings.push(problem("nodes.secrets", `Nodes have different secrets: ${listed}.`, fix));
  }
  return findings;
}
