/** Which test files need neither a store nor a server, thread, socket or child process, so that they can share a worker. */
import { globSync, readFileSync } from "node:fs";

const NEEDS_ISOLATION =
  /openStore|[hH]arness|SqliteStore|PostgresStore|@posthorn\/testkit|startNode|startServer|new Worker|node:(?:child_process|worker_threads|net|http|https|http2|dns|dgram)"|Pool\(|\/test\/|vi\.(?:mock|stub|useFakeTimers)/;

/** Paths relative to the repository's root, in a stable order. */
export function pureTests(root: string): readonly string[] {
  return globSync("packages/*/src/**/*.test.ts", { cwd: root })
    .filter((path) => !NEEDS_ISOLATION.test(readFileSync(`${root}/${path}`, "utf8")))
    .sort();
}
