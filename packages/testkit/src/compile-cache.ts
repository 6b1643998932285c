/** Node's cache of compiled modules, shared by all processes of the tests. */
import { fileURLToPath } from "node:url";

/**
 * Environment of child processes that run Posthorn from source: Node keeps compiled modules for the next process. A server then starts with
 * half the CPU time, and the tests start several hundred.
 */
export const COMPILE_CACHE: Readonly<Record<"NODE_COMPILE_CACHE", string>> = {
  NODE_COMPILE_CACHE: fileURLToPath(new URL("../../../node_modules/.cache/node", import.meta.url)),
};

/** Enables the cache for every process started from here, including test workers and the threads of a store. */
export function shareCompileCache(): void {
  Object.assign(process.env, COMPILE_CACHE);
}
