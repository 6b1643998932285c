/** `promtool` of Prometheus: that of the system, or unpacked from the Debian package into the temporary folder. Nothing is installed. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathFolders, run } from "./system.ts";

const KEPT = join(tmpdir(), "posthorn-promtool");

/** Path of the program; `null`: this system has none, and no Debian packages. */
export function promtool(): string | null {
  const found = [...pathFolders(), KEPT].map((folder) => join(folder, "promtool")).find((path) => existsSync(path));
  if (found !== undefined) return found;
  if (!existsSync("/usr/bin/apt-get") || !existsSync("/usr/bin/dpkg")) return null;
  const folder = `${KEPT}-${process.pid}`;
  mkdirSync(folder, { recursive: true });
  try {
    run("apt-get", ["-q", "download", "prometheus"], null, folder);
    const file = readdirSync(folder).find((name) => name.endsWith(".deb"))!;
    run("dpkg", ["-x", file, "unpacked"], null, folder);
    mkdirSync(KEPT, { recursive: true });
    renameSync(join(folder, "unpacked/usr/bin/promtool"), join(KEPT, "promtool"));
    return join(KEPT, "promtool");
  } finally {
    rmSync(folder, { recursive: true });
  }
}
