/** Replaces `src/lib/thread-file.ts` in the tests: finds the bundled file of a worker thread. */
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

/** Variable with the folder of the bundled threads. Without it, threads start from source. */
export const BUNDLED_THREADS = "POSTHORN_TEST_THREADS";

/** Variable with the path of the bundled server, which contains the thread that runs a node. */
export const NODE_THREAD_OF = "POSTHORN_TEST_NODE_THREAD_OF";
const SERVER_THREAD = "server-thread";

export function threadFile(name: string, from: string): URL {
  const server = process.env[NODE_THREAD_OF];
  const isServer = basename(name) === SERVER_THREAD && server !== undefined;
  const folder = isServer ? dirname(server) : process.env[BUNDLED_THREADS];
  if (folder === undefined) return new URL(`${name}.ts`, from);
  return pathToFileURL(join(folder, `${basename(name)}.js`));
}
