/** Removes leftovers of killed test runs: the data of their servers, and a PostgreSQL that outlived its run. */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "./eventually.ts";

/** A folder of `folderOf`: its name contains the process ID of its owner. */
const FOLDER = /^posthorn-[a-z]+-(\d+)-\w{6}$/;
/** Error codes of files and processes of another account. */
const FORBIDDEN = new Set<string | undefined>(["EACCES", "EPERM"]);

/** Removes the folders in `parent` whose owner has ended, and stops the PostgreSQL that still uses one. Those of other accounts stay. */
export async function removeAbandoned(parent: string, remove: (folder: string) => void = removeFolder): Promise<void> {
  for (const name of readdirSync(parent)) {
    const owner = FOLDER.exec(name)?.[1];
    if (owner === undefined || isAlive(Number(owner))) continue;
    const folder = join(parent, name);
    try {
      if (await stopPostgres(join(folder, "data"))) remove(folder);
    } catch (error) {
      if (!FORBIDDEN.has((error as NodeJS.ErrnoException).code)) throw error;
    }
  }
}

function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Returns whether no server uses the data. */
async function stopPostgres(data: string): Promise<boolean> {
  const file = join(data, "postmaster.pid");
  const pid = existsSync(file) ? Number(readFileSync(file, "utf8").split("\n", 1)[0]) : 0;
  if (pid === 0 || !isAlive(pid)) return true;
  // The system may have given its ID to another process. Outside of Linux this is not known.
  const isOurs = (): boolean => commandOf(pid)?.includes(data) ?? false;
  if (!isOurs()) return commandOf(pid) !== null;
  process.kill(pid, "SIGQUIT");
  await eventually(() => {
    if (isOurs()) throw new Error(`PostgreSQL ${pid} of a killed run does not stop.`);
  });
  return true;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  // A process that has exited has no command line, but keeps its ID until its parent reads its exit code.
  return commandOf(pid)?.length !== 0;
}

/** Program and arguments of a process; `null` outside of Linux, and once it has exited. */
function commandOf(pid: number): readonly string[] | null {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
  } catch {
    return null;
  }
}
