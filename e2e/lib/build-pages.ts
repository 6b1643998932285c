/** Builds the pages once, before all test files: files run in parallel, and each starts a server that reads the pages. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

export function setup(): void {
  for (const script of ["build:dashboard", "build:docs"]) {
    const { status } = spawnSync("npm", ["run", "-s", script, "--", "--if-changed"], {
      cwd: REPOSITORY,
      stdio: "inherit",
    });
    if (status !== 0) throw new Error(`\`npm run ${script}\` failed.`);
  }
}
