import type { Command } from "commander";
import { envToConfig } from "../../config/config.ts";
import { readEnv } from "../../config/env.ts";
import { PosthornError } from "../../lib/errors.ts";
import { migrationSql, migrationStates, runMigrations } from "../../store/migrate.ts";
import { type MigrationState, requireSameMigrations } from "../../store/migrations/state.ts";
import type { StoreLocation } from "../../store/open.ts";
import { print, printTable } from "../output.ts";
import { addSettingFlags, sourcesOf } from "../settings.ts";

/** `posthorn migrate`: migrates the database to the schema of this version, or shows what that would change. */
export function addMigrateCommand(program: Command): void {
  const command = program
    .command("migrate")
    .description(
      "migrate the database to this version, as the server does when it starts; --plan and --status change nothing",
    )
    .option("--plan", "print the SQL that would be run")
    .option("--status", "print each step, whether it was done, and whether its name and checksum match");
  addSettingFlags(command).action(async (options: Record<string, unknown>) => {
    const { database } = envToConfig(readEnv(sourcesOf(options)));
    if (options["plan"] === true && options["status"] === true) {
      throw new PosthornError("config_invalid", "Use either --plan or --status, not both.");
    }
    if (options["status"] === true) printStatus(await migrationStates(database));
    else if (options["plan"] === true) printPlan(database, await migrationStates(database));
    else await run(database);
  });
}

async function run(database: StoreLocation): Promise<void> {
  const applied = await runMigrations(database, Date.now());
  for (const { version, name } of applied) print(`${version} ${name}: done`);
  print(applied.length === 0 ? "The database is up to date: nothing was to be done." : "The database is up to date.");
}

/** Prints the table, then throws if a name or checksum differs, so that scripts see it in the exit code. */
function printStatus(states: readonly MigrationState[]): void {
  printTable([
    ["VERSION", "STEP", "DONE", "RECORD"],
    ...states.map(({ version, name, applied, appliedAt, record }) => [
      String(version),
      name,
      appliedAt === null ? (applied ? "yes" : "no") : new Date(appliedAt).toISOString(),
      record ?? "-",
    ]),
  ]);
  requireSameMigrations(states);
}

/** Prints the plan as an SQL script, with everything else in comments. */
function printPlan(database: StoreLocation, states: readonly MigrationState[]): void {
  requireSameMigrations(states);
  const missing = states.filter(({ applied }) => !applied);
  for (const state of missing) print(`-- ${state.version} ${state.name}\n${migrationSql(database, state)}\n`);
  print(missing.length === 0 ? "-- nothing is to be done" : `-- steps to be done: ${missing.length}`);
}
