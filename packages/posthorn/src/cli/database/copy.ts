import { dirname } from "node:path";
import type { Command } from "commander";
import { type Config, type DatabaseConfig, envToConfig, parseDatabase } from "../../config/config.ts";
import { readEnv, readKeyEnvironment } from "../../config/env.ts";
import { findEncryptionKey, previousKeysOf } from "../../config/secrets.ts";
import { type KeyRow, unwrap } from "../../encryption/keyring.ts";
import { openRootKeys } from "../../encryption/open-root-keys.ts";
import { PosthornError } from "../../lib/errors.ts";
import { type CanOpen, type CopyPlan, type CopySides, planCopy, runCopy } from "../../store/copy/copy.ts";
import { PostgresSide } from "../../store/copy/postgres-side.ts";
import type { CopyTarget } from "../../store/copy/side.ts";
import { SqliteSide } from "../../store/copy/sqlite-side.ts";
import { LEGACY_KEY_ID, SecretBox } from "../../lib/secret-box.ts";
import { SCHEMA_VERSION } from "../../store/migrations/list.ts";
import { print, printTable, size } from "../output.ts";
import { addSettingFlags, sourcesOf } from "../settings.ts";
import { ProgressLine } from "./progress.ts";
import { report, withJson } from "../help.ts";
import { COPY } from "../json.ts";

/** `posthorn copy`: copies all data from one database to another. */
export function addCopyCommand(program: Command): void {
  const command = program
    .command("copy")
    .description("copy all data to another, empty database, such as from SQLite to PostgreSQL")
    .requiredOption("--from <database>", "sqlite:path, or postgres://user:password@host/database without a pooler")
    .requiredOption("--to <database>", "same format as --from; the file or tables are created")
    .option("--dry-run", "show what would be copied, and what prevents it");
  withJson(command, { kind: "own", schema: COPY });
  addSettingFlags(command).action((options: Record<string, unknown>) => copy(options));
}

async function copy(options: Record<string, unknown>): Promise<void> {
  const config = envToConfig(readEnv(sourcesOf(options)));
  const from = databaseOf("--from", String(options["from"]), config);
  const to = databaseOf("--to", String(options["to"]), config);
  if (locationOf(from) === locationOf(to)) {
    throw new PosthornError("copy_refused", "--from and --to are the same database. Copy to an empty database.");
  }
  const dryRun = options["dryRun"] === true;
  await using source = await open(from, dryRun ? "look" : "source", to);
  await using target = await open(to, dryRun ? "look" : "target", from);
  const sides = { source, target };
  // A source with another schema is refused by the plan.
  const keys = (await source.version()) === SCHEMA_VERSION ? await source.encryptionKeys() : [];
  const plan = await planCopy(sides, await keyCheck(config, keys, from, to));
  if (dryRun) printPlan(options, sides, plan);
  else await run(options, sides, plan);
}

function databaseOf(name: string, text: string, { dataDir }: Config): DatabaseConfig {
  return parseDatabase(text, { dataDir, directUrl: "", connections: 1, name });
}

function locationOf(database: DatabaseConfig): string {
  return database.kind === "sqlite" ? database.path : database.url;
}

async function open(
  database: DatabaseConfig,
  as: "source" | "target" | "look",
  other: DatabaseConfig,
): Promise<CopyTarget> {
  if (database.kind === "postgres") return PostgresSide.open(database.url);
  return SqliteSide.open({ path: database.path, as, replaceNul: other.kind === "postgres" });
}

/** Returns a check whether a secret can be decrypted with the key in the settings, or with the one stored next to a SQLite file. */
async function keyCheck(
  config: Config,
  rows: readonly KeyRow[],
  ...databases: readonly DatabaseConfig[]
): Promise<CanOpen | null> {
  const beside = databases.flatMap((database) => (database.kind === "sqlite" ? [dirname(database.path)] : []));
  const key = findEncryptionKey(config.encryptionKey, [...beside, config.dataDir]);
  if (key === null) return null;
  const roots = await openRootKeys({ encryptionKey: key, previousKeys: previousKeysOf(config) }, readKeyEnvironment());
  const keys = new Map(roots.legacy.slice(0, 1).map((legacy) => [LEGACY_KEY_ID, legacy]));
  for (const row of rows) {
    // A value of a key that cannot be unwrapped does not open, which the plan reports.
    const dataKey = await unwrap(roots, row).catch(() => null);
    if (dataKey !== null) keys.set(row.id, dataKey);
  }
  const secretBox = new SecretBox({ sealing: LEGACY_KEY_ID, keys });
  return (sealed, context) => secretBox.opens(sealed, context);
}

function printPlan(options: Options, { source, target }: CopySides, { tables, resumed }: CopyPlan): void {
  const filled = tables.filter(({ rows }) => rows > 0);
  if (options["json"] === true) {
    const rows = filled.map(({ shape, rows: count }) => ({ name: shape.name, rows: count }));
    return report(options, { from: source.name, to: target.name, dryRun: true, tables: rows }, "");
  }
  printTable([["TABLE", "ROWS"], ...filled.map(({ shape, rows }) => [shape.name, String(rows)])]);
  print(`\n${resumed ? "An unfinished copy would continue" : "Everything would be copied"}:`);
  print(`from ${source.name}\nto   ${target.name}\nNothing prevents the copy. Nothing was changed.`);
}

type Options = Readonly<Record<string, unknown>>;

async function run(options: Options, sides: CopySides, plan: CopyPlan): Promise<void> {
  const { source, target } = sides;
  if (plan.resumed && options["json"] !== true) print(`Continuing the copy from ${source.name} to ${target.name}.`);
  const line = new ProgressLine(plan.tables.reduce((sum, { rows }) => sum + rows, 0));
  const checked = await runCopy(sides, plan, (progress) => line.show(progress));
  const filled = checked.filter(({ rows }) => rows > 0);
  if (options["json"] === true) {
    const rows = filled.map(({ name, rows: count, digest }) => ({ name, rows: count, digest }));
    return report(options, { from: source.name, to: target.name, dryRun: false, tables: rows }, "");
  }
  printTable([
    ["TABLE", "ROWS", "SIZE", "DIGEST"],
    ...filled.map(({ name, rows, bytes, digest }) => [name, String(rows), size(bytes), digest]),
  ]);
  print(
    `\n${target.name} is a complete copy: the rows and digests of all ${checked.length} tables match those of ${source.name}.`,
  );
  if (source.replaced > 0) {
    print(
      `${source.replaced} texts contained the character NUL, which PostgreSQL does not accept. It was replaced with U+FFFD.`,
    );
  }
  print(
    "Start the server on it with the same POSTHORN_ENCRYPTION_KEY and POSTHORN_JWT_SECRET, or the data folder that has them.\n" +
      "Do not start a server on the old database again: both would send the pending deliveries.",
  );
}
