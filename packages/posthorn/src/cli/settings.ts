/** Command-line flags for all settings. */
import type { Command } from "commander";
import type { SettingSources } from "../config/env.ts";
import { flagOf, type SettingKey, settings } from "../config/settings.ts";

/** Adds one flag per setting, `--config` and `--dev`. */
export function addSettingFlags(command: Command): Command {
  command.option("--config <file>", "file with settings, one NAME=value per line");
  command.option("--dev", "development mode: allow targets on this machine, and write a human-readable log");
  for (const setting of Object.values(settings)) command.option(`${flagOf(setting.name)} <value>`, setting.help);
  return command;
}

/** Sources of the settings, from the flags of a command. */
export function sourcesOf(options: Record<string, unknown>): SettingSources {
  const flags = Object.fromEntries(
    Object.keys(settings)
      .filter((key) => typeof options[key] === "string")
      .map((key) => [key, options[key] as string]),
  ) as Partial<Record<SettingKey, string>>;
  return { flags, file: options["config"] as string | undefined, dev: options["dev"] === true };
}
