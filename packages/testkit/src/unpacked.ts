/** Programs that tests run but do not install: those of the system, or unpacked from a Debian package into the temporary folder. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pathFolders, run } from "./system.ts";

/** Path of `promtool` of Prometheus; `null`: this system has none, and no Debian packages. */
export function promtool(): string | null {
  return unpackedProgram("prometheus", "usr/bin/promtool");
}

/** Path of the web server Caddy; `null`: this system has none, and no Debian packages. */
export function caddy(): string | null {
  return unpackedProgram("caddy", "usr/bin/caddy");
}

function unpackedProgram(debianPackage: string, path: string): string | null {
  const program = basename(path);
  const kept = join(tmpdir(), `posthorn-${program}`);
  const found = [...pathFolders(), kept].map((folder) => join(folder, program)).find((file) => existsSync(file));
  if (found !== undefined) return found;
  if (!existsSync("/usr/bin/apt-get") || !existsSync("/usr/bin/dpkg")) return null;
  const folder = `${kept}-${process.pid}`;
  mkdirSync(folder, { recursive: true });
  try {
    download(debianPackage, folder);
    const file = readdirSync(folder).find((name) => name.endsWith(".deb"))!;
    run("dpkg", ["-x", file, "unpacked"], null, folder);
    mkdirSync(kept, { recursive: true });
    renameSync(join(folder, "unpacked", path), join(kept, program));
    return join(kept, program);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A new machine has no lists of packages, or old ones. */
function download(debianPackage: string, folder: string): void {
  const get = (): string => run("apt-get", ["-q", "download", debianPackage], null, folder);
  try {
    get();
  } catch (error) {
    if (process.getuid?.() !== 0) throw error;
    run("flock", [join(tmpdir(), "posthorn-apt.lock"), "apt-get", "update", "-qq"], null);
    get();
  }
}
