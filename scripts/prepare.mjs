/**
 * Runs at the end of `npm ci`, with the Node of the machine: sets the folder of the git hooks, and removes unused files of packages: the
 * C++ headers of Node (nothing is compiled) and the source maps of packages, together 140 MB.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

spawnSync("git", ["config", "core.hooksPath", ".githooks"], { stdio: "ignore" });

const NODE = "node_modules/node/node_modules";

if (existsSync(NODE)) {
  for (const name of readdirSync(NODE)) rmSync(join(NODE, name, "include"), { recursive: true, force: true });
}
removeSourceMaps("node_modules");

/** Links lead to packages of this workspace, whose files are kept. */
function removeSourceMaps(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) removeSourceMaps(path);
    else if (/\.[cm]?[jt]s\.map$/.test(entry.name)) rmSync(path);
  }
}
