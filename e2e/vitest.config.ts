import { defineConfig } from "vitest/config";

export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: ["@posthorn/source"] },
  ssr: { resolve: { conditions: ["@posthorn/source", "node", "module"] } },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "../packages/testkit/src/postgres-on-demand.ts",
    pool: "forks",
    // Each file runs a server of its own beside itself.
    maxWorkers: 3,
    execArgv: ["--conditions=@posthorn/source"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
