/** Folder of a backup. It gets its name when it is complete and on disk. */
import { createHash } from "node:crypto";
import {
  closeSync,
  copyFileSync,
  createReadStream,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { StoreError } from "../errors.ts";
import { type BackupFile, type Manifest, MANIFEST } from "./manifest.ts";

/** A backup that is being written. Disposing it before `complete` deletes what was written. */
export class BackupFolder implements Disposable {
  /** Where files are written until the backup is complete. */
  readonly path: string;
  readonly #target: string;
  #isComplete = false;

  private constructor(path: string, target: string) {
    this.path = path;
    this.#target = target;
  }

  /** Creates a folder next to the target, on the same file system. Throws `backup_refused` if the target exists. */
  static create(target: string): BackupFolder {
    const wanted = resolve(target);
    if (isThere(wanted)) {
      throw new StoreError(
        "backup_refused",
        `${wanted} exists already. Name a new folder, because backups are never overwritten.`,
      );
    }
    try {
      // Only this user can read it.
      return new BackupFolder(mkdtempSync(`${wanted}.partial-`), wanted);
    } catch (cause) {
      throw cannotWrite(dirname(wanted), cause);
    }
  }

  /** Throws `storage_full` unless the disk has this many bytes free. */
  requireSpace(bytes: number): void {
    const { bavail, bsize } = statfsSync(this.path);
    const free = bavail * bsize;
    if (free >= bytes) return;
    throw new StoreError(
      "storage_full",
      `The backup needs ${bytes} bytes, and the disk of ${dirname(this.#target)} has ${free} bytes free. Free some space, or use another disk.`,
    );
  }

  /** Copies a file with a secret into the backup. */
  add(name: string, from: string): void {
    const path = join(this.path, name);
    copyFileSync(from, path);
    syncPath(path);
  }

  /** Computes the sizes and checksums of the files, and writes them to disk. */
  async seal(names: readonly string[]): Promise<readonly BackupFile[]> {
    const files: BackupFile[] = [];
    for (const name of names) {
      const path = join(this.path, name);
      syncPath(path);
      files.push({ path: name, ...(await digestOf(path)) });
    }
    return files;
  }

  /** Writes the manifest and gives the folder its name. */
  complete(manifest: Manifest): void {
    try {
      writeFileSync(join(this.path, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600, flush: true });
      syncPath(this.path);
      renameSync(this.path, this.#target);
      this.#isComplete = true;
      syncPath(dirname(this.#target));
    } catch (cause) {
      throw cannotWrite(dirname(this.#target), cause);
    }
  }

  [Symbol.dispose](): void {
    if (!this.#isComplete) rmSync(this.path, { recursive: true, force: true });
  }
}

/** Whether a path exists, also as a symbolic link to nothing. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Error for a folder in which a backup cannot be written. */
export function cannotWrite(folder: string, cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  const { code, errcode = 0, message } = cause as { code?: string; errcode?: number; message: string };
  if (code === "ENOSPC" || code === "EDQUOT" || (errcode & 0xff) === SQLITE_FULL) {
    return new StoreError(
      "storage_full",
      `The disk of ${folder} is full. Free some space, or write the backup to another disk. Nothing was left behind.`,
      { cause },
    );
  }
  const reason = code === "ENOENT" ? "the folder does not exist" : message;
  return new StoreError("backup_refused", `The backup cannot be written to ${folder}: ${reason}.`, { cause });
}

const SQLITE_FULL = 13;

/** Computes the size and SHA-256 of a file without holding it in memory. */
export async function digestOf(
  path: string,
  onBytes: (bytes: number) => void = () => undefined,
): Promise<Omit<BackupFile, "path">> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    hash.update(piece as Buffer);
    bytes += (piece as Buffer).length;
    onBytes((piece as Buffer).length);
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** Throws `backup_invalid` for the first file that is missing or differs from the manifest. */
export async function verifyFiles(
  folder: string,
  { files }: Pick<Manifest, "files">,
  onBytes?: (bytes: number) => void,
): Promise<void> {
  for (const { path, bytes, sha256 } of files) {
    if (path !== basename(path) || !existsSync(join(folder, path)))
      throw invalid(folder, `its file ${path} is missing`);
    const found = await digestOf(join(folder, path), onBytes);
    if (found.bytes !== bytes) throw invalid(folder, `its file ${path} has ${found.bytes} bytes instead of ${bytes}`);
    if (found.sha256 !== sha256) throw invalid(folder, `its file ${path} has another SHA-256 than when it was written`);
  }
}

function invalid(folder: string, reason: string): StoreError {
  return new StoreError("backup_invalid", `The backup ${folder} is damaged: ${reason}. Use another backup.`);
}

/** Writes a file, or the entries of a folder, to disk. */
export function syncPath(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
