import { defineConfig } from "vitest/config";
import { shareCompileCache } from "../../../testkit/src/compile-cache.ts";

shareCompileCache();

export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: ["@posthorn/source"] },
  ssr: { resolve: { conditions: ["@posthorn/source", "node", "module"] } },
  test: {
    include: ["**/*.test.ts"],
    pool: "forks",
    execArgv: ["--conditions=@posthorn/source"],
    testTimeout: 60_000,
    // The summary of `npm test` prints messages without their diff.
    chaiConfig: { truncateThreshold: 2000 },
  },
});
