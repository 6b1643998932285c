import { defineConfig } from "vitest/config";
import { shareCompileCache } from "./packages/testkit/src/compile-cache.ts";
import { pureTests } from "./scripts/pure-tests.ts";

shareCompileCache();

const PURE = pureTests(import.meta.dirname);

/** What also runs on PostgreSQL: everything that opens a store through `openStore` or starts a node. */
const ON_BOTH_STORES = [
  "packages/posthorn/test/**/*.test.ts",
  "packages/posthorn/src/{delivery,dispatch,domain}/**/*.test.ts",
];

export default defineConfig({
  resolve: { conditions: ["@posthorn/source"] },
  ssr: { resolve: { conditions: ["@posthorn/source", "node", "module"] } },
  test: {
    globalSetup: "packages/testkit/src/postgres-on-demand.ts",
    // Takes both cores for minutes: a suite of its own.
    exclude: ["packages/posthorn/test/simulation/**"],
    pool: "forks",
    execArgv: ["--conditions=@posthorn/source"],
    // Not a measure of speed: the first test on PostgreSQL starts its server, and a busy machine takes its time.
    testTimeout: 180_000,
    hookTimeout: 300_000,
    // The tests wait for disks and sockets more than for the processor.
    maxWorkers: 3,
    projects: [
      {
        extends: true,
        // These start nothing, so they share a worker and what it has loaded.
        test: { name: "pure", include: [...PURE], isolate: false },
      },
      {
        extends: true,
        test: {
          name: "sqlite",
          include: ["packages/*/src/**/*.test.ts", "packages/*/test/**/*.test.ts"],
          exclude: ["packages/posthorn/test/simulation/**", ...PURE],
        },
      },
      {
        extends: true,
        test: {
          name: "postgres",
          include: ON_BOTH_STORES,
          // Half a thousand requests through the door, of which the store sees nothing new.
          exclude: [
            "packages/posthorn/test/simulation/**",
            "packages/posthorn/test/receiving/vectors.test.ts",
            // A thousand bodies, of which hardly one reaches the store.
            "packages/posthorn/test/hostile/**",
            // Without a store.
            "packages/posthorn/src/dispatch/{breaker,concurrency-window,rate-control,rate-limit,retry,timers}.test.ts",
          ],
          env: { POSTHORN_TEST_STORE: "postgres" },
        },
      },
      {
        extends: true,
        test: {
          name: "pooler",
          include: ["packages/posthorn/test/store.test.ts"],
          env: { POSTHORN_TEST_STORE: "postgres", POSTHORN_TEST_POOLER: "1" },
        },
      },
    ],
  },
});
