/** Runs the chaos test for a given time, ten minutes by default: `npm run test:chaos -- --minutes 10 --seed 1`. */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { minutes: { type: "string", default: "10" }, seed: { type: "string" } } });
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new Error("--minutes must be a number greater than 0.");
const { status } = spawnSync("npx", ["vitest", "run", "--config", "e2e/vitest.config.ts", "chaos"], {
  stdio: "inherit",
  env: {
    ...process.env,
    CHAOS_MINUTES: String(minutes),
    ...(values.seed === undefined ? {} : { SEED: values.seed }),
  },
});
process.exitCode = status ?? 1;
