import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { shareCompileCache } from "./packages/testkit/src/compile-cache.ts";
import { isNightly } from "./packages/testkit/src/nightly.ts";
import { SlowFirstOfProject } from "./packages/testkit/src/slow-first.ts";
import { NIGHTLY_ON_POSTGRES } from "./scripts/nightly-on-postgres.ts";
import { pureTests } from "./scripts/pure-tests.ts";

shareCompileCache();

const PURE = pureTests(import.meta.dirname);

/** Worker threads start from a bundle: see `bundle-threads.ts`. */
const BUNDLED_THREADS = {
  find: /^.*\/lib\/thread-file\.ts$/,
  replacement: join(import.meta.dirname, "packages/posthorn/test/support/bundled-thread-file.ts"),
};

/** Tests that also run on PostgreSQL: they open a store with `openStore`, or start a node. */
const ON_BOTH_STORES = [
  "packages/posthorn/test/**/*.test.ts",
  "packages/posthorn/src/{delivery,dispatch,domain}/**/*.test.ts",
];

/** Test processes wait while PostgreSQL works for them, so two of them leave a core idle when the other suites have ended. */
const BESIDE_POSTGRES = { maxWorkers: 3, sequence: { groupOrder: 1 } } as const;

export default defineConfig({
  resolve: { conditions: ["@posthorn/source"], alias: [BUNDLED_THREADS] },
  ssr: { resolve: { conditions: ["@posthorn/source", "node", "module"] } },
  test: {
    globalSetup: [
      "packages/testkit/src/postgres-on-demand.ts",
      "packages/testkit/src/bundle-on-demand.ts",
      "packages/posthorn/test/support/bundle-threads.ts",
    ],
    // Suites of their own.
    exclude: ["packages/posthorn/test/{counterparts,simulation}/**"],
    pool: "forks",
    // Files share a process, which saves starting it and loading the modules for each. A file that leaves something behind fails.
    isolate: false,
    sequence: { sequencer: SlowFirstOfProject },
    setupFiles: [
      "packages/testkit/src/costs.ts",
      "packages/testkit/src/statements.ts",
      "packages/testkit/src/leak-check.ts",
    ],
    execArgv: ["--conditions=@posthorn/source"],
    // Generous, because the first test on PostgreSQL starts the server, and a machine may be busy.
    testTimeout: 180_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    // The summary of `npm test` prints messages without their diff.
    chaiConfig: { truncateThreshold: 2000 },
    // `npm test` runs the checks and the simulation beside these tests, and some of them measure delays.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: { name: "pure", include: [...PURE] },
      },
      {
        extends: true,
        test: {
          name: "sqlite",
          include: ["packages/*/src/**/*.test.ts", "packages/*/test/**/*.test.ts"],
          exclude: ["packages/posthorn/test/{counterparts,simulation}/**", ...PURE],
        },
      },
      {
        extends: true,
        test: {
          name: "undici",
          include: [
            "packages/egress/test/{dns,lab,limits,malformed,stalled,tenant,tls,tls-causes}.test.ts",
            "packages/posthorn/test/destinations/http.test.ts",
            "packages/posthorn/test/endpoint-egress.test.ts",
          ],
          env: { POSTHORN_TEST_HTTP_CLIENT: "undici" },
        },
      },
      {
        extends: true,
        test: {
          name: "postgres",
          include: ON_BOTH_STORES,
          exclude: [
            "packages/posthorn/test/{counterparts,simulation}/**",
            // Hundreds of requests that the store handles like those of other tests.
            "packages/posthorn/test/receiving/vectors.test.ts",
            // Two stores for each of hundreds of tests, and none of them is about a store.
            "packages/posthorn/test/destinations/{cloud,connection-kinds}.test.ts",
            "packages/posthorn/test/destinations/chat/**",
            // Files for operators, which no store reads.
            "packages/posthorn/test/deploy/**",
            // Lists and texts that are compared without a store.
            "packages/posthorn/test/{kind-texts,policy-fields,server-texts}.test.ts",
            "packages/posthorn/test/destinations/conformance-coverage.test.ts",
            // Its store is that of `posthorn/testing`.
            "packages/posthorn/test/listen-sleep.test.ts",
            // A thousand bodies, almost all refused before they reach the store.
            "packages/posthorn/test/hostile/**",
            ...(isNightly ? [] : NIGHTLY_ON_POSTGRES),
            ...PURE,
          ],
          env: { POSTHORN_TEST_STORE: "postgres" },
          ...BESIDE_POSTGRES,
        },
      },
      {
        extends: true,
        test: {
          name: "seats",
          include: ["packages/posthorn/test/{store,cluster-store}.test.ts"],
          env: { POSTHORN_TEST_SEATS: "1" },
        },
      },
      {
        extends: true,
        test: {
          name: "pooler",
          include: ["packages/posthorn/test/store.test.ts"],
          ...BESIDE_POSTGRES,
          env: { POSTHORN_TEST_STORE: "postgres", POSTHORN_TEST_POOLER: "1" },
        },
      },
    ],
  },
});
