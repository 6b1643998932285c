/** Finds or installs the system services that tests start, and runs them under a suitable account. */
import { spawnSync } from "node:child_process";
import { accessSync, chownSync, constants, existsSync, mkdtempSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Account to run PostgreSQL and PgBouncer, which refuse to run as root; `null`: the current user. */
export function serviceAccount(): Account | null {
  if (process.getuid?.() !== 0) return null;
  const id = (flag: string): number => Number(run("id", [flag, "postgres"], null));
  return { uid: id("-u"), gid: id("-g") };
}

/** File system in memory on Linux. */
const MEMORY = "/dev/shm";
/** Minimum of free memory to store test data there. A whole run needs less than a quarter of it. */
const PLENTY = 6 * 1024 ** 3;

/**
 * Parent folder of data that only has to outlive processes: in memory if enough is free. Creating a file there takes a fraction of the CPU
 * time that it takes on a disk, and a PostgreSQL database consists of five hundred files.
 */
export function fastFolder(): string {
  try {
    accessSync(MEMORY, constants.R_OK | constants.W_OK | constants.X_OK);
    const { bavail, bsize } = statfsSync(MEMORY);
    return Math.min(bavail * bsize, process.availableMemory()) >= PLENTY ? MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}

/** A new folder of the account. `removeAbandoned` removes it if this process is killed. */
export function folderOf(account: Account | null, name: string, parent = tmpdir()): string {
  const folder = mkdtempSync(join(parent, `posthorn-${name}-${process.pid}-`));
  if (account !== null) chownSync(folder, account.uid, account.gid);
  return folder;
}

/** Folders of PATH. */
export function pathFolders(): string[] {
  return (process.env["PATH"] ?? "").split(":");
}

/** Installs a system package where possible: as root on Debian. */
export function installPackage(name: string): void {
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return;
  // Serialised: two processes of a run may find at the same time that it is missing, and `apt-get` fails while another one runs.
  const alone = (...args: string[]): string =>
    run(
      "flock",
      [join(tmpdir(), "posthorn-apt.lock"), "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", ...args],
      null,
    );
  alone("update", "-qq");
  alone("install", "-o", "DPkg::Lock::Timeout=600", "-y", "-qq", "--no-install-recommends", name);
}

/** Runs a program until it exits, and returns its output. */
export function run(command: string, args: readonly string[], account: Account | null, cwd = tmpdir()): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { ...account, encoding: "utf8", cwd });
  if (status === 0) return stdout.trim();
  throw new Error(`${command} failed: ${error?.message ?? stderr}`);
}
