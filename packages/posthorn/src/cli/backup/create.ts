import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { type Config, envToConfig } from "../../config/config.ts";
import { readEnv, readToolEnvironment } from "../../config/env.ts";
import { KEY_FILES } from "../../config/secrets.ts";
import { PosthornError } from "../../lib/errors.ts";
import { VERSION } from "../../lib/version.ts";
import { BackupFolder } from "../../store/backup/folder.ts";
import { type BackupContent, type Manifest, toManifest } from "../../store/backup/manifest.ts";
import type { Pace } from "../../store/backup/pace.ts";
import { print, printNote, size } from "../output.ts";
import { addSettingFlags, sourcesOf } from "../settings.ts";
import { rootKeysOf } from "./keys.ts";
import { paceOf } from "./progress.ts";
import { withJson } from "../help.ts";
import { MANIFEST } from "../json.ts";

/** `posthorn backup`: copies all data of a running or stopped server into a new folder. */
export function addBackupCommand(program: Command): Command {
  const command = program
    .command("backup")
    .description("back up all data of the server, even while it runs")
    .argument("<folder>", "folder to create; it must not exist")
    .option("--with-keys", "also copy encryption.key and jwt.secret of the data folder: keep such a backup secret")
    .option("--rate <number>", "SQLite: maximum MiB read per second; 0: no limit", "100")
    .option("--pg-dump <path>", "PostgreSQL: program to use", "pg_dump")
    .option("--quiet", "print no progress");
  withJson(command, { kind: "own", schema: MANIFEST });
  addSettingFlags(command).action((folder: string, options: Record<string, unknown>) => run(folder, options));
  return command;
}

async function run(target: string, options: Record<string, unknown>): Promise<void> {
  const config = envToConfig(readEnv(sourcesOf(options)));
  const keys = options["withKeys"] === true ? keyFilesOf(config) : [];
  const pace = paceOf("copied", options);
  using folder = BackupFolder.create(target);
  const { content, name } = await copyDatabase(config, { folder, pace, options });
  for (const { file, path } of keys) folder.add(file, path);
  const files = await folder.seal([name, ...keys.map(({ file }) => file)]);
  const manifest = toManifest({ content, version: VERSION, files, includesKeys: keys.length > 0 });
  folder.complete(manifest);
  if (options["json"] === true) print(JSON.stringify(manifest, null, 2));
  else print(describe(target, manifest));
  if (keys.length > 0) {
    printNote("This backup contains the keys: anyone who can read it can read all secrets in it, and create tokens.");
  }
}

interface CopyParts {
  readonly folder: BackupFolder;
  readonly pace: Pace;
  readonly options: Record<string, unknown>;
}

/** Loads only the code of the database in use. */
async function copyDatabase(
  { database }: Config,
  { folder, pace, options }: CopyParts,
): Promise<{ readonly content: BackupContent; readonly name: string }> {
  if (database.kind === "sqlite") {
    const { backupSqlite, SQLITE_FILE } = await import("../../store/backup/sqlite.ts");
    return { content: await backupSqlite(database.path, folder, pace), name: SQLITE_FILE };
  }
  const { backupPostgres, POSTGRES_FILE } = await import("../../store/backup/postgres.ts");
  const tool = { program: String(options["pgDump"]), environment: readToolEnvironment() };
  // A pooler can neither export a snapshot nor serve a dump.
  const url = database.directUrl ?? database.url;
  return { content: await backupPostgres(url, folder, { tool, pace }), name: POSTGRES_FILE };
}

function keyFilesOf({ dataDir }: Config): readonly { readonly file: string; readonly path: string }[] {
  const found = KEY_FILES.map((file) => ({ file, path: join(dataDir, file) })).filter(({ path }) => existsSync(path));
  if (found.length > 0) return found;
  throw new PosthornError(
    "backup_refused",
    `${dataDir} has no key files: the keys are in your settings. Keep them there, and omit --with-keys.`,
  );
}

/** Summary of a backup. */
export function describe(path: string, manifest: Manifest): string {
  const { at, database, databaseVersion, schema, version, files, tables, includesKeys } = manifest;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const count = (table: string): number => tables[table] ?? 0;
  const roots = rootKeysOf(manifest);
  const keys =
    roots.length === 0
      ? "none"
      : `${roots.join(", ")} (${includesKeys ? "in the backup" : "not in the backup: keep it in another place"})`;
  return [
    `Backup    ${path}`,
    `Moment    ${at}`,
    `Database  ${database} ${databaseVersion}, schema ${schema}, Posthorn ${version}`,
    `Size      ${size(bytes)}`,
    `Content   ${count("message")} messages, ${count("delivery")} deliveries, ${count("attempt")} attempts, ${count("endpoint")} endpoints`,
    `Root keys ${keys}`,
  ].join("\n");
}
