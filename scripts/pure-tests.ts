/** Finds the test files for `npm run test:quick`: those that need no store, server, thread, socket or child process. */
import { globSync, readFileSync } from "node:fs";

/** Text in a test file that uses one of these. */
const USES_SYSTEM =
  /openStore|openWholeStore|[hH]arness|SqliteStore|PostgresStore|@posthorn\/testkit|startNode|TestPosthorn|startServer|new Worker|node:(?:child_process|worker_threads|net|http|https|http2|dns|dgram)"|Pool\(|\/test\/|vi\.(?:mock|stub|useFakeTimers)/;

/** Returns paths relative to the root of the repository, sorted. */
export function pureTests(root: string): readonly string[] {
  return globSync("packages/*/src/**/*.test.ts", { cwd: root })
    .filter((path) => !USES_SYSTEM.test(readFileSync(`${root}/${path}`, "utf8")))
    .sort();
}
