/** Folder for programs that tests install once and keep between runs. Git ignores it. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const CACHE = fileURLToPath(new URL("../../../../node_modules/.cache/counterparts/", import.meta.url));
const POLL_MS = 200;

/**
 * Installs something into its own folder of the cache, unless it is already there.
 *
 * @param name Folder name. Contains the version, so that versions are installed side by side.
 * @param install Fills the folder that it is called with. The folder is renamed afterwards.
 * @returns The folder.
 */
export async function installOnce(name: string, install: (folder: string) => void | Promise<void>): Promise<string> {
  const folder = join(CACHE, name);
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true });
  // Builds take minutes of CPU time: a second process waits for the first one.
  const unlock = await lock(join(CACHE, `${name}.lock`));
  try {
    if (existsSync(folder)) return folder;
    const making = mkdtempSync(join(CACHE, "making-"));
    try {
      await install(making);
      renameSync(making, folder);
    } finally {
      rmSync(making, { recursive: true, force: true });
    }
  } finally {
    unlock();
  }
  return folder;
}

/** Takes a lock between processes. A lock whose process has exited is removed. */
async function lock(file: string): Promise<() => void> {
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: "wx" });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    if (!isHeld(file)) rmSync(file, { force: true });
    await delay(POLL_MS);
  }
}

function isHeld(file: string): boolean {
  try {
    const pid = Number(readFileSync(file, "utf8"));
    // The holder creates the file before it writes its ID.
    if (pid === 0) return true;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
