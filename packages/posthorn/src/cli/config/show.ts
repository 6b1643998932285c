import type { Command } from "commander";
import { describeSettings, envToConfig } from "../../config/config.ts";
import { readEnv } from "../../config/env.ts";
import { flagOf } from "../../config/settings.ts";
import { print } from "../output.ts";
import { addSettingFlags, sourcesOf } from "../settings.ts";
import { withJson } from "../help.ts";
import { SETTINGS } from "../json.ts";

/** `posthorn config`: shows every setting with its value, source and description. */
export function addConfigCommand(program: Command): void {
  const command = program.command("config").description("print all settings with value, origin and help");
  withJson(command, { kind: "own", schema: SETTINGS });
  addSettingFlags(command).action((options: Record<string, unknown>) => {
    const raw = readEnv(sourcesOf(options));
    // An invalid value makes this command fail, as it would `posthorn start`.
    envToConfig(raw);
    const described = describeSettings(raw);
    if (options["json"] === true) {
      print(JSON.stringify(described, null, 2));
      return;
    }
    for (const { name, value, origin, help } of described) {
      print(`${name}=${value}`);
      print(`  ${flagOf(name)}, from ${origin}`);
      print(`  ${help}\n`);
    }
  });
}
