/**
 * Type-checks the sources and tests of every workspace. Results for unchanged files are cached in `node_modules/.cache`, so a second run takes
 * a few seconds.
 *
 * Packages without settings of their own are checked together, and each check runs in one thread: otherwise the compiler checks shared
 * files several times, and takes twice the CPU time and memory.
 */
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

const CACHE = "node_modules/.cache/types";
/** `tsconfig.json` includes the packages without their own settings; their `tsconfig.json` files are for editors. */
const projects = ["tsconfig.json", ...globSync("packages/*/tsconfig{,.test}.json").filter(hasOwnSettings)];
// The dashboard is checked against a client generated from the current API.
let failed = spawnSync("npm", ["run", "-s", "generate:client"], { stdio: "inherit" }).status !== 0;
for (const project of projects.sort()) {
  const info = join(CACHE, `${project.replaceAll(/[/\\]/g, "_")}.tsbuildinfo`);
  const { status } = spawnSync("tsc", ["-p", project, "--singleThreaded", "--incremental", "--tsBuildInfoFile", info], {
    stdio: "inherit",
  });
  if (status !== 0) failed = true;
}
process.exitCode = failed ? 1 : 0;

function hasOwnSettings(path: string): boolean {
  return "compilerOptions" in (JSON.parse(readFileSync(path, "utf8")) as object);
}
