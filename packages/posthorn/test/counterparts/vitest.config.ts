import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { shareCompileCache } from "../../../testkit/src/compile-cache.ts";
import { SlowFirst } from "../../../testkit/src/slow-first.ts";

shareCompileCache();

/** Worker threads start from a bundle: see `bundle-threads.ts`. */
const BUNDLED_THREADS = {
  find: /^.*\/lib\/thread-file\.ts$/,
  replacement: join(import.meta.dirname, "../support/bundled-thread-file.ts"),
};

/** Tests of destinations with real brokers and services. Each file starts those that it needs. */
export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: ["@posthorn/source"], alias: [BUNDLED_THREADS] },
  ssr: { resolve: { conditions: ["@posthorn/source", "node", "module"] } },
  test: {
    include: ["**/*.test.ts"],
    globalSetup: [
      "../../../testkit/src/postgres-on-demand.ts",
      "../../../testkit/src/bundle-on-demand.ts",
      "../support/bundle-threads.ts",
    ],
    setupFiles: "../../../testkit/src/costs.ts",
    pool: "forks",
    sequence: { sequencer: SlowFirst },
    execArgv: ["--conditions=@posthorn/source"],
    // The summary of `npm test` prints messages without their diff.
    chaiConfig: { truncateThreshold: 2000 },
    // Generous, because the machine may be busy.
    expect: { poll: { timeout: 60_000 } },
    testTimeout: 180_000,
    // The first run on a machine installs and builds the counterparts.
    hookTimeout: 900_000,
    // While one file waits for its counterpart to start, the other one works.
    maxWorkers: 2,
  },
});
