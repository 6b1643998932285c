/** Builds the pages once, before all test files: files run in parallel, and each starts a server that reads the pages. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

export function setup(): void {
  const command = ["run", "-s", "build:dashboard", "--", "--if-changed"];
  const { status } = spawnSync("npm", command, { cwd: REPOSITORY, stdio: "inherit" });
  if (status !== 0) throw new Error("The dashboard cannot be built.");
}
