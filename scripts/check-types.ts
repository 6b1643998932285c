/** Type-checks every workspace, source and tests, each under its own settings. */
import { spawnSync } from "node:child_process";
import { existsSync, globSync } from "node:fs";

const projects = [
  "tsconfig.json",
  ...globSync("packages/*/tsconfig.json"),
  ...globSync("packages/*/tsconfig.test.json"),
];
// The dashboard is checked against the API as it is now.
let failed = spawnSync("npm", ["run", "-s", "generate:client"], { stdio: "inherit" }).status !== 0;
for (const project of projects.filter((path) => existsSync(path)).sort()) {
  const { status } = spawnSync("tsc", ["-p", project], { stdio: "inherit" });
  if (status !== 0) failed = true;
}
process.exitCode = failed ? 1 : 0;
