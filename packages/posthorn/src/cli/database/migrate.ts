import type { Command } from "commander";
import { envToConfig } from "../../config/config.ts";
import { readEnv } from "../../config/env.ts";
import { PosthornError } from "../../lib/errors.ts";
import { migrationSql, migrationStates, runMigrations } from "../../store/migrate.ts";
import { type MigrationState, requireSameMigrations } from "../../store/migrations/state.ts";
import type { StoreLocation } from "../../store/open.ts";
import { print, printTable } from "../output.ts";
import { addSettingFlags, sourcesOf } from "../settings.ts";
import { report, withExitCodes, withJson } from "../help.ts";
import { MIGRATIONS } from "../json.ts";

/** `posthorn migrate`: migrates the database to the schema of this version, or shows what that would change. */
export function addMigrateCommand(program: Command): void {
  const command = program
    .command("migrate")
    .description(
      "migrate the database to this version, as the server does when it starts; --plan and --status change nothing",
    )
    .option("--plan", "print the SQL that would be run")
    .option("--status", "print each step, whether it was done, and whether its name and checksum match");
  withJson(command, { kind: "own", schema: MIGRATIONS });
  withExitCodes(command, { 1: "it failed, or with --status or --plan: a name or checksum differs" });
  addSettingFlags(command).action(async (options: Record<string, unknown>) => {
    const { database } = envToConfig(readEnv(sourcesOf(options)));
    if (options["plan"] === true && options["status"] === true) {
      throw new PosthornError("config_invalid", "Use either --plan or --status, not both.");
    }
    if (options["status"] === true) printStatus(options, await migrationStates(database));
    else if (options["plan"] === true) printPlan(options, database, await migrationStates(database));
    else await run(options, database);
  });
}

type Options = Readonly<Record<string, unknown>>;

async function run(options: Options, database: StoreLocation): Promise<void> {
  const applied = await runMigrations(database, Date.now());
  const done = applied.map((state) => ({ ...state, applied: true }));
  report(options, jsonOf(done), () => {
    for (const { version, name } of applied) print(`${version} ${name}: done`);
    print(
      applied.length === 0 ? "The database is up to date: there was nothing to do." : "The database is up to date.",
    );
  });
}

function jsonOf(states: readonly Pick<MigrationState, "version" | "name" | "applied">[]): object {
  return { migrations: states.map(({ version, name, applied }) => ({ version, name, applied })) };
}

/** Prints the table, then throws if a name or checksum differs, so that scripts see it in the exit code. */
function printStatus(options: Options, states: readonly MigrationState[]): void {
  report(options, jsonOf(states), () => printStates(states));
  requireSameMigrations(states);
}

function printStates(states: readonly MigrationState[]): void {
  printTable([
    ["VERSION", "STEP", "DONE", "RECORD"],
    ...states.map(({ version, name, applied, appliedAt, record }) => [
      String(version),
      name,
      appliedAt === null ? (applied ? "yes" : "no") : new Date(appliedAt).toISOString(),
      record ?? "-",
    ]),
  ]);
}

/** Prints the plan as an SQL script, with everything else in comments. */
function printPlan(options: Options, database: StoreLocation, states: readonly MigrationState[]): void {
  requireSameMigrations(states);
  const missing = states.filter(({ applied }) => !applied);
  if (options["json"] === true) return report(options, jsonOf(missing), "");
  for (const state of missing) print(`-- ${state.version} ${state.name}\n${migrationSql(database, state)}\n`);
  print(missing.length === 0 ? "-- nothing to do" : `-- pending steps: ${missing.length}`);
}
