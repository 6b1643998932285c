/** Temporary folders of tests, and small file systems that fill up. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Folder extends Disposable {
  readonly path: string;
}

export function temporaryFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), "posthorn-e2e-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A file system of this size; `null` if the tests lack the rights to mount one. */
export function smallDisk(megabytes: number): Folder | null {
  const folder = temporaryFolder();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder.path], { stdio: "ignore" });
  } catch {
    folder[Symbol.dispose]();
    return null;
  }
  return {
    path: folder.path,
    [Symbol.dispose]: () => {
      execFileSync("umount", [folder.path]);
      folder[Symbol.dispose]();
    },
  };
}

/** Whether {@link smallDisk} works on this machine. */
export function canMount(): boolean {
  const disk = smallDisk(1);
  disk?.[Symbol.dispose]();
  return disk !== null;
}
