import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["@posthorn/source"] },
  ssr: { resolve: { conditions: ["@posthorn/source", "node", "module"] } },
  test: {
    include: ["packages/*/src/**/*.test.ts", "packages/*/test/**/*.test.ts"],
    // Takes both cores for minutes: a suite of its own.
    exclude: ["packages/posthorn/test/simulation/**"],
    pool: "forks",
    execArgv: ["--conditions=@posthorn/source"],
    testTimeout: 20_000,
  },
});
