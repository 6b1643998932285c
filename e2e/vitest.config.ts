import { defineConfig } from "vitest/config";
import { shareCompileCache } from "../packages/testkit/src/compile-cache.ts";
import { SlowFirstOfProject } from "../packages/testkit/src/slow-first.ts";

shareCompileCache();

/** Tests that also run on PostgreSQL: those of the official SDKs, and those that kill servers. */
const ON_BOTH_STORES = [
  "crash",
  "delivery",
  "idempotency",
  "key-rotation",
  "operations",
  "paging",
  "receive-crash",
  "repair",
  "replay",
  "watch-crash",
];

/** Tests that load other libraries, which change the globals of their process. */
const ISOLATED = ["start-size", "transactions", "zapier"];

/** Files share a process, which saves starting it and loading the SDKs for each. A file that leaves something behind fails. */
const SHARED = { isolate: false, setupFiles: ["../packages/testkit/src/leak-check.ts"] };

/** The paths of test files. */
function paths(names: readonly string[]): string[] {
  return names.map((name) => `test/${name}.test.ts`);
}

export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: ["@posthorn/source"] },
  ssr: { resolve: { conditions: ["@posthorn/source", "node", "module"] } },
  test: {
    globalSetup: ["lib/build-pages.ts", "lib/build-server.ts", "../packages/testkit/src/postgres-on-demand.ts"],
    pool: "forks",
    // Each file runs its own server process.
    maxWorkers: 3,
    setupFiles: ["../packages/testkit/src/costs.ts"],
    sequence: { sequencer: SlowFirstOfProject },
    execArgv: ["--conditions=@posthorn/source"],
    testTimeout: 180_000,
    // Generous, because a page may respond slowly on a busy machine.
    expect: { poll: { timeout: 60_000 } },
    hookTimeout: 300_000,
    // The summary of `npm test` prints messages without their diff.
    chaiConfig: { truncateThreshold: 2000 },
    projects: [
      {
        extends: true,
        test: { name: "sqlite", include: ["test/**/*.test.ts"], exclude: paths(ISOLATED), ...SHARED },
      },
      { extends: true, test: { name: "isolated", include: paths(ISOLATED) } },
      {
        extends: true,
        test: {
          name: "postgres",
          include: paths(ON_BOTH_STORES),
          env: { POSTHORN_TEST_STORE: "postgres" },
          ...SHARED,
        },
      },
    ],
  },
});
