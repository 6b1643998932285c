/** The command-line program, which can also be run within a process. */
import { Command, CommanderError } from "commander";
import { PosthornError } from "../lib/errors.ts";
import { VERSION } from "../lib/version.ts";
import { addClusterCommand } from "./cluster/show.ts";
import { addConfigCommand } from "./config/show.ts";
import { addCopyCommand } from "./database/copy.ts";
import { addMigrateCommand } from "./database/migrate.ts";
import { addKeyCreateCommand } from "./key/create.ts";
import { addKeyListCommand } from "./key/list.ts";
import { addKeyRevokeCommand } from "./key/revoke.ts";
import { addLabCommand } from "./lab/start.ts";
import { addStartCommand } from "./server/start.ts";
import { addStorageCommand } from "./storage/show.ts";
import { addTablesAddCommand } from "./tables/add.ts";
import { addTablesListCommand } from "./tables/list.ts";
import { addTablesRemoveCommand } from "./tables/remove.ts";
import { addTokenCommand } from "./token/create.ts";

function buildProgram(): Command {
  const program = new Command("posthorn")
    .description("A self-hosted webhook platform: publish events, Posthorn signs and delivers them.")
    .version(VERSION)
    .showHelpAfterError("(`posthorn help` lists the commands)")
    .exitOverride();
  addStartCommand(program);
  addConfigCommand(program);
  addTokenCommand(program);
  addLabCommand(program);
  addStorageCommand(program);
  addClusterCommand(program);
  addMigrateCommand(program);
  addCopyCommand(program);
  const key = program.command("key").description("API keys of the organisation");
  addKeyCreateCommand(key);
  addKeyListCommand(key);
  addKeyRevokeCommand(key);
  const tables = program.command("tables").description("events for changes of your own PostgreSQL tables");
  addTablesAddCommand(tables);
  addTablesListCommand(tables);
  addTablesRemoveCommand(tables);
  return program;
}

/**
 * Runs a command line and returns the exit code: 0 success, 1 failure, 2 usage error. For a `PosthornError` it prints the message, for
 * any other error the stack trace.
 */
export async function runProgram(args: readonly string[]): Promise<number> {
  try {
    await buildProgram().parseAsync([...args], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof PosthornError) {
      process.stderr.write(`posthorn: ${error.message}\n`);
      return 1;
    }
    process.stderr.write(`posthorn: ${error instanceof Error ? error.stack : String(error)}\n`);
    return 1;
  }
}
