import type { Command } from "commander";
import { envToConfig } from "../../config/config.ts";
import { readEnv } from "../../config/env.ts";
import { PosthornError } from "../../errors.ts";
import { migrationSql, migrationStates, runMigrations } from "../../store/migrate.ts";
import type { MigrationState } from "../../store/migrations/state.ts";
import type { StoreLocation } from "../../store/open.ts";
import { print, printTable } from "../output.ts";
import { addSettingFlags, sourcesOf } from "../settings.ts";

/** `posthorn migrate`: brings the database to the schema of this version, or says what that would do. */
export function addMigrateCommand(program: Command): void {
  const command = program
    .command("migrate")
    .description("bring the database to this version, as a start does; --plan and --status change nothing")
    .option("--plan", "print the SQL that would be run")
    .option("--status", "print each step and whether it was done");
  addSettingFlags(command).action(async (options: Record<string, unknown>) => {
    const { database } = envToConfig(readEnv(sourcesOf(options)));
    if (options["plan"] === true && options["status"] === true) {
      throw new PosthornError("config_invalid", "--plan and --status are two questions: ask one of them.");
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

function printStatus(states: readonly MigrationState[]): void {
  printTable([
    ["VERSION", "STEP", "DONE"],
    ...states.map(({ version, name, applied, appliedAt }) => [
      String(version),
      name,
      appliedAt === null ? (applied ? "yes" : "no") : new Date(appliedAt).toISOString(),
    ]),
  ]);
}

/** As a script: what is not SQL stands in comments. */
function printPlan(database: StoreLocation, states: readonly MigrationState[]): void {
  const missing = states.filter(({ applied }) => !applied);
  for (const state of missing) print(`-- ${state.version} ${state.name}\n${migrationSql(database, state)}\n`);
  print(missing.length === 0 ? "-- nothing is to be done" : `-- steps to be done: ${missing.length}`);
}
