/**
 * Keeps compiled code between starts, so that V8 does not compile the program again. See docs/decisions/182-keep-compiled-code.md.
 *
 * V8 checks which version of itself compiled the code, but not what the code does. Anyone who can write to the folder could run code in the
 * server, so the folder must belong to the user of this process, and no other user may be able to write to it or to replace it.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, utimesSync } from "node:fs";
import { constants, enableCompileCache, flushCompileCache, getCompileCacheDir } from "node:module";
import { dirname, join } from "node:path";

const PREFIX = "compiled-";
/** Folders of other builds that were not used for this long are removed. */
const UNUSED_MS = 30 * 24 * 60 * 60_000;
/** After the start, when requests no longer come first. Node writes all files at once, which takes about 50 ms. */
const SAVE_AFTER_MS = 5000;
const WRITABLE_BY_OTHERS = 0o022;
/** In a folder with this bit, such as `/tmp`, only the owner of an entry can rename or delete it. */
const STICKY = 0o1000;

/** Set if this module enabled the cache, and not `NODE_COMPILE_CACHE`. */
let used: string | null = null;

/** Folder of the compiled code of this process, for `useCompiledCode` in its threads; `null`: there is none, or the environment names it. */
export function compiledCodeFolder(): string | null {
  return used;
}

/**
 * Compiles the modules that are loaded from now on only if the folder has no code for them. Without a folder that only this user can
 * write, the program is compiled as usual.
 *
 * @param program URL of its first module. Each build has a folder.
 * @param cache Folder for the folders of all builds.
 */
export function keepCompiledCode(program: string, cache: string): void {
  // From source, NODE_COMPILE_CACHE decides, as it does for any program of Node.
  if (!program.endsWith(".js") || getCompileCacheDir() !== undefined) return;
  try {
    const name =
      PREFIX +
      createHash("sha256")
        .update(readFileSync(new URL(program)))
        .digest("hex")
        .slice(0, 16);
    // Checked first: root with the home folder of another user would otherwise leave folders there that this user can neither read nor remove.
    if (!isProtected(realpathSync(nearest(cache)))) return;
    const isNew = mkdirSync(join(cache, name), { recursive: true, mode: 0o700 }) !== undefined;
    const folder = realpathSync(join(cache, name));
    if (!isPrivate(folder) || !useCompiledCode(folder)) return;
    if (isNew) removeUnused(dirname(folder));
    utimesSync(folder, new Date(), new Date());
  } catch {
    // The cache cannot be written, or only be read.
  }
}

/** @param folder A folder that only this user can write. Returns whether Node uses it. */
export function useCompiledCode(folder: string): boolean {
  if (enableCompileCache(folder).status !== constants.compileCacheStatus.ENABLED) return false;
  used = folder;
  return true;
}

/** Saves the code soon. Otherwise Node saves it when the process ends, so a server that is killed would have none at its next start. */
export function saveCompiledCodeSoon(): void {
  if (used !== null) setTimeout(flushCompileCache, SAVE_AFTER_MS).unref();
}

/** Whether only this user can write to the folder, and neither another user nor a group can put another one in its place. */
function isPrivate(folder: string): boolean {
  const user = process.getuid?.();
  // Windows: folders of users belong to them by its access lists, which modes do not show.
  if (user === undefined) return true;
  const { uid, mode } = statSync(folder);
  return uid === user && (mode & WRITABLE_BY_OTHERS) === 0 && isProtected(dirname(folder));
}

/** Whether neither another user nor a group can replace what this user creates in the folder. */
function isProtected(folder: string): boolean {
  const user = process.getuid?.();
  if (user === undefined) return true;
  for (let path = folder; ; path = dirname(path)) {
    const { uid, mode } = statSync(path);
    const isShared = (mode & WRITABLE_BY_OTHERS) !== 0 && (mode & STICKY) === 0;
    if (isShared || (uid !== user && uid !== 0)) return false;
    if (path === dirname(path)) return true;
  }
}

/** The folder, or the nearest one above it that exists. */
function nearest(folder: string): string {
  return existsSync(folder) ? folder : nearest(dirname(folder));
}

function removeUnused(cache: string): void {
  for (const name of readdirSync(cache)) {
    const folder = join(cache, name);
    if (!/^compiled-[0-9a-f]{16}$/.test(name) || Date.now() - statSync(folder).mtimeMs < UNUSED_MS) continue;
    rmSync(folder, { recursive: true });
  }
}
