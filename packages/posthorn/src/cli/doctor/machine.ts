/** Checks of the machine: Node, memory, file limits, disk and the files with secrets. */
import { constants } from "node:fs";
import { access, mkdir, open, readFile, rm, stat, statfs } from "node:fs/promises";
import { totalmem } from "node:os";
import { join } from "node:path";
import type { Config } from "../../config/config.ts";
import { size } from "../output.ts";
import { type Finding, ok, problem, reasonOf, skipped, warning } from "./finding.ts";

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
/** The first version that lets a server choose which requests become WebSockets. */
const OLDEST_NODE = [24, 9] as const;
const SECRET_FILES = ["encryption.key", "jwt.secret"];

export function checkNode(): Finding {
  const { node } = process.versions;
  return findingOfNode(node);
}

/** @param version Such as `24.9.0`. */
export function findingOfNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  const isRecent = major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
  if (isRecent) return ok("node", `Node ${version}.`);
  return problem("node", `Node ${version} is too old.`, `Install Node ${OLDEST_NODE.join(".")} or newer.`);
}

export function checkMemory(): Finding {
  // 0 without a limit of a container.
  const limit = process.constrainedMemory();
  const bytes = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  if (bytes >= GIB / 2) return ok("memory", `${size(bytes)} of memory.`);
  return warning("memory", `Only ${size(bytes)} of memory.`, "Give the server 1 GiB: see docs/operations/running.md.");
}

/** Each attempt in flight needs a socket, and each request of the API another one. */
export async function checkFileLimit({ concurrency }: Config): Promise<Finding> {
  const needed = 2 * concurrency + 1024;
  try {
    const limits = await readFile("/proc/self/limits", "utf8");
    const [, soft = "unlimited"] = /^Max open files\s+(\S+)/m.exec(limits) ?? [];
    if (soft === "unlimited" || Number(soft) >= needed) return ok("files.limit", `The limit is ${soft} open files.`);
    const fix = `Raise the limit to ${needed} (LimitNOFILE= of systemd, ulimit -n), or lower POSTHORN_CONCURRENCY.`;
    return warning("files.limit", `The limit is ${soft} open files; the server may need ${needed}.`, fix);
  } catch {
    return skipped("files.limit", "The limit on open files cannot be read on this system.");
  }
}

export async function checkDataFolder({ dataDir }: Config): Promise<Finding> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
    return ok("data.folder", `${dataDir} can be written.`);
  } catch (error) {
    const fix = "Create it, and make the user that runs the server its owner, or set POSTHORN_DATA_DIR.";
    return problem("data.folder", `${dataDir} cannot be used: ${reasonOf(error)}.`, fix);
  }
}

/** The secrets must be readable by their owner only. */
export async function checkSecretFiles({ dataDir, jwtSecret, encryptionKey }: Config): Promise<Finding> {
  const expected = SECRET_FILES.filter((name) => (name === "jwt.secret" ? jwtSecret : encryptionKey) === "");
  const loose: string[] = [];
  for (const name of expected) {
    const path = join(dataDir, name);
    const found = await stat(path).catch(() => null);
    if (found !== null && (found.mode & 0o077) !== 0 && process.platform !== "win32") loose.push(path);
  }
  if (loose.length === 0) return ok("secrets.files", "Only the owner can read the files that contain secrets.");
  const found = `Other users of this machine can read ${loose.join(" and ")}.`;
  return problem("secrets.files", found, `Run \`chmod 600 ${loose.join(" ")}\`.`);
}

/** The folder whose disk matters: that of the database, if it is a file. */
function folderOf({ database, dataDir }: Config): string {
  return database.kind === "sqlite" ? join(database.path, "..") : dataDir;
}

export async function checkDiskSpace(config: Config): Promise<Finding> {
  const folder = folderOf(config);
  try {
    const { bavail, bsize, blocks, ffree, files } = await statfs(folder);
    const free = bavail * bsize;
    const found = `${size(free)} of ${size(blocks * bsize)} are free on the disk of ${folder}.`;
    const fix = "Add space, or shorten the retention: `posthorn storage` shows what uses it.";
    if (free < 100 * MIB || (files > 0 && ffree < 100)) return problem("disk.space", found, fix);
    return free < GIB || free < 0.05 * blocks * bsize ? warning("disk.space", found, fix) : ok("disk.space", found);
  } catch (error) {
    return skipped("disk.space", `The disk of ${folder} cannot be read: ${reasonOf(error)}.`);
  }
}

const SYNCS = 20;
const BLOCK = Buffer.alloc(4096, 1);
const SLOW_SYNC_MS = 20;
const BAD_SYNC_MS = 100;
/** Below this, the disk has not written anything: no device takes less for a flush. */
const LIE_MS = 0.02;

/** Every commit waits for one fsync, so its duration decides how fast messages are accepted. */
export async function checkDiskSpeed(config: Config): Promise<Finding> {
  const path = join(folderOf(config), `.posthorn-doctor-${process.pid}`);
  try {
    const file = await open(path, "w", 0o600);
    const took: number[] = [];
    try {
      for (let n = 0; n < SYNCS; n++) {
        const start = performance.now();
        await file.write(BLOCK, 0, BLOCK.length, n * BLOCK.length);
        await file.sync();
        took.push(performance.now() - start);
      }
    } finally {
      await file.close();
      await rm(path, { force: true });
    }
    const median = took.toSorted((a, b) => a - b)[SYNCS >> 1]!;
    const found = `A write with fsync takes ${median.toFixed(2)} ms (median of ${SYNCS}).`;
    const fix = "Use a local SSD. Network file systems are slow, and unsafe for SQLite.";
    if (median >= BAD_SYNC_MS) return problem("disk.fsync", found, fix);
    if (median >= SLOW_SYNC_MS) return warning("disk.fsync", found, fix);
    if (median >= LIE_MS) return ok("disk.fsync", found);
    const lie =
      "The disk seems to confirm writes before they are durable (tmpfs, or a cache without battery): a power cut loses accepted messages.";
    return warning("disk.fsync", `${found} ${lie}`, "Put the data on a disk that honours fsync.");
  } catch (error) {
    const fix = "Check the disk and the permissions of the folder.";
    return problem("disk.fsync", `Cannot write to ${folderOf(config)}: ${reasonOf(error)}.`, fix);
  }
}
