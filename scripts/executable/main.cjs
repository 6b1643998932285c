"use strict";
/**
 * Entry point of the single executable. Node runs it from within the binary, where it can load only modules of Node, so it unpacks the
 * published package once into a folder of the user and starts it there. See docs/decisions/136-unpack-the-single-executable.md.
 */
const { lstatSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { homedir, tmpdir } = require("node:os");
const { dirname, join } = require("node:path");
const { getAsset } = require("node:sea");
const { zstdDecompressSync } = require("node:zlib");

start();

function start() {
  const name = getAsset("name", "utf8");
  const folder = join(cacheFolder(), name);
  try {
    if (!isUnpacked(folder)) unpack(folder);
  } catch (error) {
    process.stderr.write(
      `posthorn: Cannot unpack into ${folder} (${error.message}). Set XDG_CACHE_HOME to a folder that only this user can write.\n`,
    );
    process.exitCode = 1;
    return;
  }
  createRequire(join(folder, "bin/"))("./run.cjs");
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

/** Whether the folder is there. Refuses one that another user could have written. */
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
    // Another process was faster.
    if (!isUnpacked(folder)) throw error;
  }
}
