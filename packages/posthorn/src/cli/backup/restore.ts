import { copyFileSync, constants, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { type Config, envToConfig } from "../../config/config.ts";
import { readEnv, readToolEnvironment } from "../../config/env.ts";
import { PosthornError } from "../../lib/errors.ts";
import { syncPath } from "../../store/backup/folder.ts";
import type { Manifest } from "../../store/backup/manifest.ts";
import { print } from "../output.ts";
import { addSettingFlags, sourcesOf } from "../settings.ts";
import { missingKeyFiles, requireKeys } from "./keys.ts";
import { paceOf } from "./progress.ts";
import { verifyBackup } from "./verify.ts";
import { withJson } from "../help.ts";
import { RESTORED } from "../json.ts";

/** `posthorn restore`: puts a backup into an empty data folder or database. The server starts with paused deliveries. */
export function addRestoreCommand(program: Command): void {
  const command = program
    .command("restore")
    .description("restore a backup; the server then starts with paused deliveries")
    .argument("<folder>", "folder that `posthorn backup` wrote")
    .option("--replace", "move the current data aside and put the backup in its place")
    .option("--rate <number>", "SQLite: maximum MiB written per second; 0: no limit", "0")
    .option("--pg-restore <path>", "PostgreSQL: program to use", "pg_restore")
    .option("--no-grants", "PostgreSQL: restore no grants, if their roles do not exist here")
    .option("--quiet", "print no progress");
  withJson(command, { kind: "own", schema: RESTORED });
  addSettingFlags(command).action((folder: string, options: Record<string, unknown>) => run(folder, options));
}

async function run(folder: string, options: Record<string, unknown>): Promise<void> {
  const config = envToConfig(readEnv(sourcesOf(options)));
  const manifest = await verifyBackup(folder, options);
  requireSameKind(config, manifest);
  requireLaterClock(manifest);
  await requireKeys(config, folder, manifest);
  const aside = await restore(config, { folder, manifest, options });
  const keyFiles = copyKeyFiles(config, folder, manifest);
  if (options["json"] === true) {
    return print(JSON.stringify({ at: manifest.at, replaced: aside, keyFiles, deliveries: "paused" }, null, 2));
  }
  if (aside !== null) print(`The data that was there before is in ${aside}. Delete it when you no longer need it.`);
  if (keyFiles.length > 0) print(`Copied ${keyFiles.join(" and ")} to ${config.dataDir}.`);
  print(
    `Restored the backup of ${manifest.at}: ${manifest.tables["message"] ?? 0} messages, ${manifest.tables["delivery"] ?? 0} deliveries.\n` +
      "Start the server now. It accepts messages and sends nothing until you run `posthorn resume`, because deliveries made\n" +
      `after ${manifest.at} will be made again. Keys, tokens and links that were revoked after that are valid again.`,
  );
}

function requireSameKind({ database }: Config, manifest: Manifest): void {
  if (database.kind === manifest.database) return;
  throw new PosthornError(
    "restore_refused",
    `The backup is of ${manifest.database}, and the settings name ${database.kind}. Restore it to ${manifest.database}, then move the data with \`posthorn copy\`.`,
  );
}

/** IDs begin with the time. With an earlier clock, new IDs would sort before those in the backup. */
function requireLaterClock({ at }: Manifest): void {
  if (Date.now() >= Date.parse(at)) return;
  throw new PosthornError(
    "restore_refused",
    `The clock of this machine is before the backup, which was made at ${at}. Set the clock, then restore.`,
  );
}

interface RestoreParts {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly options: Record<string, unknown>;
}

/** Returns where replaced data is now; `null`: there was none. */
async function restore({ database }: Config, { folder, manifest, options }: RestoreParts): Promise<string | null> {
  const replaces = options["replace"] === true;
  if (database.kind === "sqlite") {
    const { restoreSqlite } = await import("../../store/backup/sqlite.ts");
    return restoreSqlite(database.path, { folder, manifest, replaces, pace: paceOf("restored", options) });
  }
  const { restorePostgres } = await import("../../store/backup/postgres.ts");
  const temporary = mkdtempSync(join(tmpdir(), "posthorn-restore-"));
  try {
    const schema = await restorePostgres(database.directUrl ?? database.url, {
      folder,
      manifest,
      replaces,
      tool: { program: String(options["pgRestore"]), environment: readToolEnvironment() },
      withoutGrants: options["grants"] === false,
      temporary,
    });
    return schema === null ? null : `the schema ${schema}`;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Copies the key files that the server does not have. Returns their names. */
function copyKeyFiles(config: Config, folder: string, manifest: Manifest): readonly string[] {
  const names = missingKeyFiles(config, manifest);
  if (names.length > 0) mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  for (const name of names) {
    const path = join(config.dataDir, name);
    copyFileSync(join(folder, name), path, constants.COPYFILE_EXCL);
    syncPath(path);
  }
  return names;
}
