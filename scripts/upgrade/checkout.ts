/** Checks out the source of an earlier version, which runs with the packages that are installed for this one. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";

export interface Version {
  readonly name: string;
  /** Folder of the repository. */
  readonly root: string;
}

const ROOT = join(import.meta.dirname, "../..");

/** Writes the files of a commit to a folder. */
export function checkoutOf(commit: string, folder: string): Version {
  mkdirSync(folder);
  const archive = execFileSync("git", ["archive", "--format=tar", commit], { cwd: ROOT, maxBuffer: 2 ** 30 });
  execFileSync("tar", ["-x", "-C", folder], { input: archive });
  linkPackages(join(ROOT, "node_modules"), join(folder, "node_modules"), folder);
  for (const name of readdirSync(join(folder, "packages"))) {
    const installed = join(ROOT, "packages", name, "node_modules");
    if (existsSync(installed)) symlinkSync(installed, join(folder, "packages", name, "node_modules"));
  }
  return { name: commit, root: folder };
}

/** Links everything but the packages of the repository itself, which come from the commit. */
function linkPackages(from: string, to: string, folder: string): void {
  mkdirSync(join(to, "@posthorn"), { recursive: true });
  const own = new Set(["posthorn", "@posthorn"]);
  for (const name of readdirSync(from)) if (!own.has(name)) symlinkSync(join(from, name), join(to, name));
  for (const name of readdirSync(join(folder, "packages"))) {
    if (name !== "posthorn") symlinkSync(join(folder, "packages", name), join(to, "@posthorn", name));
  }
}
