/** Folder for files that can be made again. Imports only modules of Node, because it is read before the program is loaded. */
import { homedir, tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";

/** Home folders of system users, which do not exist or are not theirs. */
const NO_HOMES = new Set(["", "/", "/nonexistent"]);

/**
 * Cache folder: systemd's `CacheDirectory=`, the one of the user, or for users without a home one in the folder for temporary files. The
 * single executable unpacks itself there (`scripts/executable/main.cjs`).
 */
export function cacheFolder(environment: Record<string, string | undefined> = process.env): string {
  const { CACHE_DIRECTORY: directories = "", XDG_CACHE_HOME: caches = "", HOME: home = homedir() } = environment;
  const [directory = ""] = directories.split(":");
  if (directory !== "") return directory;
  if (isAbsolute(caches)) return join(caches, "posthorn");
  if (!NO_HOMES.has(home)) return join(home, ".cache/posthorn");
  return join(tmpdir(), `posthorn-${process.getuid?.() ?? "user"}`);
}
