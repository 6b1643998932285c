import type { Command } from "commander";
import { type Config, envToConfig } from "../../config/config.ts";
import { readEnv } from "../../config/env.ts";
import { PosthornError } from "../../lib/errors.ts";
import { print } from "../output.ts";
import { addSettingFlags, sourcesOf } from "../settings.ts";
import { checkDatabase } from "./database.ts";
import { type Finding, problem, reasonOf } from "./finding.ts";
import * as machine from "./machine.ts";
import * as network from "./network.ts";
import { withExitCodes, withJson } from "../help.ts";
import { FINDINGS } from "../json.ts";

/** Reserved for examples and documentation, and reachable from nearly everywhere. */
const DEFAULT_URL = "https://example.com/";

const MARKS = { ok: "ok     ", warning: "WARNING", problem: "PROBLEM", skipped: "-      " } as const;

/** `posthorn doctor`: checks machine, database and network with the settings of the server. Changes nothing. */
export function addDoctorCommand(program: Command): void {
  const command = program
    .command("doctor")
    .description("check disk, clock, DNS, outbound requests, secrets and database; exit code 1 if there is a problem")
    .option("--deep", "read the whole SQLite file, which takes minutes for a large one")
    .option("--strict", "exit code 1 for warnings too")
    .option("--offline", "make no outbound requests")
    .option("--url <url>", "target of the outbound request", DEFAULT_URL);
  withJson(command, { kind: "own", schema: FINDINGS });
  withExitCodes(command, { 0: "no problem was found", 1: "a problem was found; with --strict also a warning" });
  addSettingFlags(command).action(async (options: Record<string, unknown>) => {
    const findings = await diagnose(options);
    if (options["json"] === true) print(JSON.stringify({ findings, ...countsOf(findings) }, null, 2));
    else printFindings(findings);
    const { problems, warnings } = countsOf(findings);
    if (problems > 0 || (options["strict"] === true && warnings > 0)) process.exitCode = 1;
  });
}

async function diagnose(options: Record<string, unknown>): Promise<readonly Finding[]> {
  let config: Config;
  try {
    config = envToConfig(readEnv(sourcesOf(options)));
  } catch (error) {
    if (!(error instanceof PosthornError)) throw error;
    return [problem("settings", error.message, "Correct the setting. `posthorn config` lists them all.")];
  }
  const { checkNode, checkMemory, checkFileLimit, checkDataFolder, checkSecretFiles, checkDiskSpace, checkDiskSpeed } =
    machine;
  const checks: (() => Finding | Promise<Finding | readonly Finding[]>)[] = [
    checkNode,
    checkMemory,
    () => checkFileLimit(config),
    () => checkDataFolder(config),
    () => checkSecretFiles(config),
    () => checkDiskSpace(config),
    () => checkDiskSpeed(config),
    () => checkDatabase(config, options["deep"] === true),
    () => network.checkPublicUrl({ ...config, dev: options["dev"] === true }),
    () => network.checkCollector(config),
  ];
  if (options["offline"] !== true) {
    const url = URL.parse(String(options["url"]));
    if (url === null || !/^https?:$/.test(url.protocol)) {
      throw new PosthornError("config_invalid", `--url ${String(options["url"])} is not an http or https URL.`);
    }
    // A proxy resolves the names of targets itself.
    if (config.egressProxy === "") checks.push(() => network.checkDns(url));
    checks.push(() => network.checkEgress(config, url));
  }
  const findings: Finding[] = [];
  // One after the other: the speed of the disk and of DNS must not depend on the other checks.
  for (const check of checks) {
    try {
      findings.push(...[await check()].flat());
    } catch (error) {
      findings.push(
        problem(
          "doctor",
          `A check failed: ${reasonOf(error)}.`,
          "Report this with the output of `posthorn doctor --json`.",
        ),
      );
    }
  }
  return findings;
}

function countsOf(findings: readonly Finding[]): { readonly problems: number; readonly warnings: number } {
  const count = (status: Finding["status"]): number => findings.filter((finding) => finding.status === status).length;
  return { problems: count("problem"), warnings: count("warning") };
}

function printFindings(findings: readonly Finding[]): void {
  for (const { check, status, found, fix } of findings) {
    print(`${MARKS[status]}  ${check.padEnd(20)}  ${found}`);
    if (fix !== null) print(`${" ".repeat(31)}→ ${fix}`);
  }
  const { problems, warnings } = countsOf(findings);
  const counted = [plural(problems, "problem"), plural(warnings, "warning")].join(", ");
  print(problems + warnings === 0 ? "\nNo problems found." : `\n${counted}.`);
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
