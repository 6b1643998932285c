"use strict";
/**
 * Entry point of the single executable. Node runs it from within the binary, where it can load only modules of Node, so it unpacks the
 * published package once into a folder of the user and starts it there. See docs/decisions/136-unpack-the-single-executable.md.
 */
const {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} = require("node:fs");
const { createRequire } = require("node:module");
const { homedir, hostname, tmpdir } = require("node:os");
const { dirname, join } = require("node:path");
const { getAsset } = require("node:sea");
const { zstdDecompressSync } = require("node:zlib");

/** Folder in an unpacked version with a file for each process that runs it. */
const USERS = ".users";
/** Versions that a process may currently be unpacking or starting are not removed. */
const MIN_AGE_MS = 60 * 60_000;

start();

function start() {
  const name = getAsset("name", "utf8");
  const folder = join(cacheFolder(), name);
  try {
    if (!isUnpacked(folder)) unpack(folder);
    register(folder);
  } catch (error) {
    process.stderr.write(
      `posthorn: Cannot unpack into ${folder} (${error.message}). Set XDG_CACHE_HOME to a folder that only this user can write.\n`,
    );
    process.exitCode = 1;
    return;
  }
  removeUnused(folder);
  createRequire(join(folder, "bin/"))("./run.cjs");
}

/** Records that this process runs the version, until it ends. */
function register(folder) {
  const file = join(folder, USERS, String(process.pid));
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, JSON.stringify({ host: hostname(), startedAt: startOf(process.pid) }), { mode: 0o600 });
  } catch {
    // A read-only cache needs no record, because no process can remove it.
    return;
  }
  process.once("exit", () => rmSync(file, { force: true }));
}

/** Removes other versions that no process runs. Failures only leave a folder behind. */
function removeUnused(folder) {
  const cache = dirname(folder);
  try {
    for (const name of readdirSync(cache)) {
      const other = join(cache, name);
      // Names of versions end with a hash, and those of interrupted unpacking with more.
      if (other !== folder && /-[0-9a-f]{16}(?:-\w+)?$/.test(name) && isUnused(other))
        rmSync(other, { recursive: true });
    }
  } catch {
    // Another process may be removing the same folder.
  }
}

function isUnused(folder) {
  const users = join(folder, USERS);
  const found = lstatSync(users, { throwIfNoEntry: false }) ?? lstatSync(folder);
  if (!found.isDirectory() || Date.now() - found.mtimeMs < MIN_AGE_MS) return false;
  const names = lstatSync(users, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(users);
  return names.every((name) => {
    const { host, startedAt } = JSON.parse(readFileSync(join(users, name), "utf8"));
    // Processes of other containers are not visible here.
    return host === hostname() && startOf(name) !== startedAt;
  });
}

/** When a process started, in ticks since the start of the machine; `null` if there is none. A later process can have the same number. */
function startOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name of the program, in parentheses, can contain spaces.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return null;
  }
}

/** Of systemd's `CacheDirectory=`, of the user, or for users without a home a folder in that for temporary files. */
function cacheFolder() {
  const { CACHE_DIRECTORY, XDG_CACHE_HOME, HOME } = process.env;
  if (CACHE_DIRECTORY) return CACHE_DIRECTORY.split(":")[0];
  if (XDG_CACHE_HOME) return join(XDG_CACHE_HOME, "posthorn");
  const home = HOME === undefined ? homedir() : HOME;
  if (home !== "" && home !== "/" && home !== "/nonexistent") return join(home, ".cache/posthorn");
  return join(tmpdir(), `posthorn-${process.getuid?.() ?? "user"}`);
}

/** Whether the folder exists. Rejects a folder that another user could have written. */
function isUnpacked(folder) {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found === undefined) return false;
  for (const each of [found, lstatSync(dirname(folder))]) {
    const isOwn = process.getuid === undefined || each.uid === process.getuid();
    if (!isOwn || !each.isDirectory() || (each.mode & 0o022) !== 0) throw new Error("another user can write there");
  }
  return true;
}

/** Writes all files beside the folder and renames them there, so that the folder is always complete. */
function unpack(folder) {
  mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
  const target = mkdtempSync(`${folder}-`);
  const bytes = zstdDecompressSync(Buffer.from(getAsset("files")));
  let at = 0;
  const made = new Set();
  for (const [path, size] of JSON.parse(getAsset("index", "utf8"))) {
    const file = join(target, path);
    const parent = dirname(file);
    if (!made.has(parent)) mkdirSync(parent, { recursive: true });
    made.add(parent);
    writeFileSync(file, bytes.subarray(at, at + size), { mode: 0o600 });
    at += size;
  }
  try {
    renameSync(target, folder);
  } catch (error) {
    rmSync(target, { recursive: true, force: true });
    // Another process has unpacked it in the meantime.
    if (!isUnpacked(folder)) throw error;
  }
}
