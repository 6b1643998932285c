/**
 * Type-checks the sources and tests of every workspace, each with its own settings. Results for unchanged files are cached in
 * `node_modules/.cache`, so a second run takes a few seconds.
 */
import { spawnSync } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { join } from "node:path";

const CACHE = "node_modules/.cache/types";
const projects = [
  "tsconfig.json",
  ...globSync("packages/*/tsconfig.json"),
  ...globSync("packages/*/tsconfig.test.json"),
];
// The dashboard is checked against the client generated from the API as it is now.
let failed = spawnSync("npm", ["run", "-s", "generate:client"], { stdio: "inherit" }).status !== 0;
for (const project of projects.filter((path) => existsSync(path)).sort()) {
  const info = join(CACHE, `${project.replaceAll(/[/\\]/g, "_")}.tsbuildinfo`);
  const { status } = spawnSync("tsc", ["-p", project, "--incremental", "--tsBuildInfoFile", info], {
    stdio: "inherit",
  });
  if (status !== 0) failed = true;
}
process.exitCode = failed ? 1 : 0;
