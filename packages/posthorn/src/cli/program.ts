/** The command-line program, which can also be run within a process. */
import { Command, CommanderError } from "commander";
import { PosthornError } from "../lib/errors.ts";
import { VERSION } from "../lib/version.ts";
import { CommandEnd } from "./exit.ts";
import { printNote, visible } from "./output.ts";
import type { Surroundings } from "./surroundings.ts";

type Add = (program: Command, surroundings?: Surroundings) => void;

/** Commands by name. Only the one that was called is loaded: the server takes ten times as long to load as most others. */
const COMMANDS: Readonly<Record<string, () => Promise<Add>>> = {
  login: async () => (await import("./login/login.ts")).addLoginCommand,
  logout: async () => (await import("./login/login.ts")).addLogoutCommand,
  profiles: async () => (await import("./login/login.ts")).addProfilesCommand,
  listen: async () => (await import("./listen/command.ts")).addListenCommand,
  trigger: async () => (await import("./trigger/command.ts")).addTriggerCommand,
  verify: async () => (await import("./verify/command.ts")).addVerifyCommand,
  tail: async () => (await import("./remote/tail.ts")).addTailCommand,
  publish: async () => (await import("./remote/publish.ts")).addPublishCommand,
  events: async () => (await import("./remote/events.ts")).addEventsCommands,
  replay: async () => (await import("./remote/replay.ts")).addReplayCommand,
  open: async () => (await import("./remote/open.ts")).addOpenCommand,
  apps: async () => (await import("./remote/resources.ts")).addAppsCommands,
  endpoints: async () => (await import("./remote/resources.ts")).addEndpointsCommands,
  mcp: async () => (await import("./mcp/command.ts")).addMcpCommand,
  completion: loadCompletionCommand,
  start: async () => (await import("./server/start.ts")).addStartCommand,
  config: async () => (await import("./config/show.ts")).addConfigCommand,
  token: async () => (await import("./token/create.ts")).addTokenCommand,
  lab: async () => (await import("./lab/start.ts")).addLabCommand,
  doctor: async () => (await import("./doctor/run.ts")).addDoctorCommand,
  resume: async () => (await import("./server/resume.ts")).addResumeCommand,
  health: async () => (await import("./health/check.ts")).addHealthCommand,
  storage: async () => (await import("./storage/show.ts")).addStorageCommand,
  cluster: async () => (await import("./cluster/show.ts")).addClusterCommand,
  connectors: async () => (await import("./connectors/list.ts")).addConnectorsCommand,
  export: loadExportCommands,
  erase: async () => (await import("./erase/run.ts")).addEraseCommand,
  redaction: async () => (await import("./redaction/commands.ts")).addRedactionCommands,
  migrate: async () => (await import("./database/migrate.ts")).addMigrateCommand,
  backup: loadBackupCommands,
  restore: async () => (await import("./backup/restore.ts")).addRestoreCommand,
  copy: async () => (await import("./database/copy.ts")).addCopyCommand,
  key: loadKeyCommands,
  audit: loadAuditCommands,
  keys: loadKeysCommands,
  tables: loadTablesCommands,
  users: loadUsersCommands,
  sources: loadSourcesCommands,
  watch: loadWatchCommands,
};

async function loadCompletionCommand(): Promise<Add> {
  const { addCompletionCommand } = await import("./completion/command.ts");
  return (program) => addCompletionCommand(program, () => buildProgram(""));
}

async function loadBackupCommands(): Promise<Add> {
  const { addBackupCommand } = await import("./backup/create.ts");
  const { addBackupVerifyCommand } = await import("./backup/verify.ts");
  return (program) => addBackupVerifyCommand(addBackupCommand(program));
}

async function loadKeyCommands(): Promise<Add> {
  const { addKeyCreateCommand } = await import("./key/create.ts");
  const { addKeyListCommand } = await import("./key/list.ts");
  const { addKeyShowCommand } = await import("./key/show.ts");
  const { addKeyUpdateCommand } = await import("./key/update.ts");
  const { addKeyRevokeCommand } = await import("./key/revoke.ts");
  return (program) => {
    const key = program.command("key").description("API keys of the organisation");
    addKeyCreateCommand(key);
    addKeyListCommand(key);
    addKeyShowCommand(key);
    addKeyUpdateCommand(key);
    addKeyRevokeCommand(key);
  };
}

async function loadExportCommands(): Promise<Add> {
  const { addExportAppCommand } = await import("./export/app.ts");
  return (program) => addExportAppCommand(program.command("export").description("export data as NDJSON"));
}

async function loadAuditCommands(): Promise<Add> {
  const { addAuditExportCommand } = await import("./audit/export.ts");
  const { addAuditVerifyCommand } = await import("./audit/verify.ts");
  return (program) => {
    const audit = program.command("audit").description("the audit log of the organisation");
    addAuditExportCommand(audit);
    addAuditVerifyCommand(audit);
  };
}

async function loadKeysCommands(): Promise<Add> {
  const { addKeysListCommand } = await import("./keys/list.ts");
  const { addKeysRotateCommand } = await import("./keys/rotate.ts");
  const { addKeysVerifyCommand } = await import("./keys/verify.ts");
  return (program) => {
    const keys = program.command("keys").description("keys that encrypt secrets at rest");
    addKeysListCommand(keys);
    addKeysVerifyCommand(keys);
    addKeysRotateCommand(keys);
  };
}

async function loadTablesCommands(): Promise<Add> {
  const { addTablesAddCommand } = await import("./tables/add.ts");
  const { addTablesListCommand } = await import("./tables/list.ts");
  const { addTablesRemoveCommand } = await import("./tables/remove.ts");
  return (program) => {
    const tables = program.command("tables").description("events for changes of your own PostgreSQL tables");
    addTablesAddCommand(tables);
    addTablesListCommand(tables);
    addTablesRemoveCommand(tables);
  };
}

async function loadUsersCommands(): Promise<Add> {
  const { addUsersInviteCommand } = await import("./users/invite.ts");
  const { addUsersListCommand } = await import("./users/list.ts");
  const { addUsersResetLinkCommand } = await import("./users/reset-link.ts");
  return (program) => {
    const users = program.command("users").description("people who sign in to the dashboard");
    addUsersInviteCommand(users);
    addUsersListCommand(users);
    addUsersResetLinkCommand(users);
  };
}

async function loadSourcesCommands(): Promise<Add> {
  const { addSourcesListCommand } = await import("./sources/list.ts");
  const { addSourcesPollCommand } = await import("./sources/poll.ts");
  const { addSourcesSampleCommand } = await import("./sources/sample.ts");
  const { addSourceResourceCommands } = await import("./remote/resources.ts");
  return (program) => {
    const sources = program.command("sources").description("sources of events");
    addSourcesListCommand(sources);
    addSourcesPollCommand(sources);
    addSourcesSampleCommand(sources);
    addSourceResourceCommands(sources);
  };
}

async function loadWatchCommands(): Promise<Add> {
  const { addWatchExplainCommand } = await import("./watch/explain.ts");
  const { addWatchListCommand } = await import("./watch/list.ts");
  const { addWatchTryCommand } = await import("./watch/try.ts");
  return (program) => {
    const watch = program.command("watch").description("durable conditions on messages");
    addWatchListCommand(watch);
    addWatchExplainCommand(watch);
    addWatchTryCommand(watch);
  };
}

/**
 * The program with the command of this name, or with all commands if there is no such command, for example because the
 * name is an option.
 */
export async function buildProgram(name: string, surroundings: Surroundings = {}): Promise<Command> {
  const program = new Command("posthorn")
    .description("A self-hosted webhook platform: publish events, Posthorn signs and delivers them.")
    .version(VERSION)
    .showHelpAfterError("(`posthorn help` lists the commands)")
    .exitOverride();
  const called = Object.hasOwn(COMMANDS, name) ? [COMMANDS[name]!] : Object.values(COMMANDS);
  for (const load of called) (await load())(program, surroundings);
  return program;
}

/** What `posthorn` alone does: a server for trying it out, on this machine only. */
const WITHOUT_COMMAND = ["start", "--dev"] as const;

/**
 * Runs a command line and returns the exit code: 0 success, 1 failure, 2 usage error. For a `PosthornError` it prints the message, for
 * any other error the stack trace.
 */
export async function runProgram(args: readonly string[], surroundings: Surroundings = {}): Promise<number> {
  const line = args.length === 0 ? WITHOUT_COMMAND : args;
  try {
    const program = await buildProgram(line[0] ?? "", surroundings);
    await program.parseAsync([...line], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof CommandEnd) {
      printNote(`posthorn: ${visible(error.message)}`);
      return error.exitCode;
    }
    if (error instanceof PosthornError) {
      printNote(`posthorn: ${visible(error.message)}`);
      return 1;
    }
    process.stderr.write(`posthorn: ${error instanceof Error ? error.stack : String(error)}\n`);
    return 1;
  }
}
