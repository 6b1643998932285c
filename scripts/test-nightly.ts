/**
 * Runs the tests that take too long for every change: thousands of simulated weeks with new seeds each day, ten minutes of chaos, five
 * minutes of generated requests, and 200 kills while sending to real destinations. Each step prints its seed, so that a failure can be
 * reproduced. `--from` sets the first seed of the simulation.
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const DAY_MS = 86_400_000;
const WEEKS_PER_NIGHT = 5000;

const { values } = parseArgs({ options: { from: { type: "string" } } });
const day = Math.floor(Date.now() / DAY_MS);
const from = values.from ?? String(day * WEEKS_PER_NIGHT);

const STEPS: readonly (readonly string[])[] = [
  ["simulate", "--", "--from", from, "--seeds", String(WEEKS_PER_NIGHT)],
  ["test:chaos", "--", "--minutes", "10", "--seed", String(day)],
  ["test:schemathesis", "--", "--minutes", "5", "--seed", String(day)],
  ["test:destinations", "--", "kills"],
];
/** In tests that kill the server while it sends, instead of the ten of every other run. */
const KILLS = "200";

const failed = STEPS.filter((step) => {
  console.log(`\n— npm run ${step.join(" ")}`);
  return (
    spawnSync("npm", ["run", "-s", ...step], { stdio: "inherit", env: { ...process.env, POSTHORN_TEST_KILLS: KILLS } })
      .status !== 0
  );
});
for (const step of failed) console.log(`FAILED npm run ${step.join(" ")}`);
console.log(`${STEPS.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
