/** Source files of Go modules, for schemas that are published nowhere else. */
import { pathFolders, run } from "./system.ts";
import { existsSync } from "node:fs";
import { join } from "node:path";

/**
 * Downloads a module into the cache of Go.
 *
 * @returns The folder with its source; `null`: Go is not installed.
 */
export function goModule(module: string, version: string): string | null {
  const go = [...pathFolders(), "/usr/local/go/bin"].map((folder) => join(folder, "go")).find(existsSync);
  if (go === undefined) return null;
  const { Dir } = JSON.parse(run(go, ["mod", "download", "-json", `${module}@${version}`], null)) as { Dir: string };
  return Dir;
}
