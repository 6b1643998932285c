import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Path of the copy of the lock file that a finished installation stores. */
const STAMP = "node_modules/.installed";

/**
 * Installs the packages of a folder that is not part of the workspace, unless they were installed from the same lock file.
 *
 * @returns Whether it installed them.
 */
export function installFolder(folder: string): boolean {
  const lock = readFileSync(join(folder, "package-lock.json"), "utf8");
  if (isInstalled(folder) && readFileSync(join(folder, STAMP), "utf8") === lock) return false;
  // Packages for one platform contain their programs, so no install script has to run.
  execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: folder, stdio: "pipe" });
  writeFileSync(join(folder, STAMP), lock);
  return true;
}

/** Whether an installation has finished, possibly of an earlier lock file. */
export function isInstalled(folder: string): boolean {
  return existsSync(join(folder, STAMP));
}
