/** Builds the pages once, before any file of tests: files run beside each other, and each starts a server that reads them. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

export function setup(): void {
  const command = ["run", "-s", "build:dashboard", "--", "--if-changed"];
  const { status } = spawnSync("npm", command, { cwd: REPOSITORY, stdio: "inherit" });
  if (status !== 0) throw new Error("The dashboard cannot be built.");
}
