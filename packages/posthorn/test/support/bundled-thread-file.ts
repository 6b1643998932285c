/** Replaces `src/lib/thread-file.ts` in the tests: finds the bundled file of a worker thread. */
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";

/** Variable with the folder of the bundled threads. Without it, threads start from source. */
export const BUNDLED_THREADS = "POSTHORN_TEST_THREADS";

export function threadFile(name: string, from: string): URL {
  const folder = process.env[BUNDLED_THREADS];
  if (folder === undefined) return new URL(`${name}.ts`, from);
  return pathToFileURL(join(folder, `${basename(name)}.js`));
}
