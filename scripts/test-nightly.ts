/**
 * Runs the tests that take too long for every change: all tests on PostgreSQL, thousands of simulated weeks with new seeds each day, ten
 * minutes of chaos, five minutes of generated requests and all hostile bodies, linters of the API document, the Helm chart with Helm itself, every command of the
 * README with its `npm ci`, upgrades from an earlier version under load, 200 kills while sending to real destinations, while reading each
 * kind of source, and while watches evaluate, 40 while messages are published and received under full load, and a database that is unavailable for a minute while a broker offers messages.
 *
 * Each step prints its seed, so that a failure can be reproduced, and the time it took. `npm run test:nightly -- simulation chaos` runs these
 * parts only, so that several machines can share a night. `--from` sets the first seed of the simulation, `--weeks` the number of simulated weeks (and a tenth of it that of simulated processes with several threads), and `--kills` the number of kills.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const DAY_MS = 86_400_000;
const WEEKS_PER_NIGHT = 5000;

/** Number of kills in each test that kills the server while it sends or reads sources. Other runs have three to six. */
const KILLS = "200";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    from: { type: "string" },
    kills: { type: "string", default: KILLS },
    weeks: { type: "string", default: String(WEEKS_PER_NIGHT) },
  },
});
const day = Math.floor(Date.now() / DAY_MS);
const from = values.from ?? String(day * WEEKS_PER_NIGHT);

type Step = readonly string[];

/**
 * Scripts that get the variables of the nightly run. The others may start a server with their environment, and a server refuses settings
 * that it does not know.
 */
const SUITES: ReadonlySet<string> = new Set(["test:unit", "test:e2e", "test:simulation", "test:destinations"]);

const results = mkdtempSync(join(tmpdir(), "posthorn-nightly-"));
const report = join(results, "kills.jsonl");
/** Statements of each test file on PostgreSQL. */
const statements = join(results, "statements.jsonl");

/** npm scripts with their arguments, by part. */
const PARTS: Readonly<Record<string, readonly Step[]>> = {
  postgres: [
    ["test:unit", "--", "--project", "postgres"],
    ["check:statements", "--", statements],
    ["test:e2e", "--", "--project", "postgres", "operations"],
  ],
  simulation: [
    ["test:simulation"],
    ["simulate", "--", "--from", from, "--seeds", values.weeks],
    ["simulate", "--", "--threads", "--from", from, "--seeds", String(Math.ceil(Number(values.weeks) / 10))],
  ],
  upgrade: [["test:upgrade"], ["test:unit", "--", "--project", "sqlite", "migrations"]],
  // The executable for arm64 runs under QEMU, which takes minutes. The commands of the README include `npm ci`.
  package: [
    ["test:package"],
    ["executable", "--", "--staged", "--emulated"],
    ["test:e2e", "--", "--project", "sqlite", "first-run"],
  ],
  chaos: [["test:chaos", "--", "--minutes", "10", "--seed", String(day)]],
  // Builds Helm, which takes minutes.
  chart: [["test:destinations", "--", "chart"]],
  api: [
    ["lint:openapi"],
    ["test:schemathesis", "--", "--minutes", "5", "--seed", String(day)],
    ["test:unit", "--", "--project", "sqlite", "test/hostile"],
  ],
  kills: [
    ["test:destinations", "--", "kills", "source-faults"],
    ["test:e2e", "--", "crash"],
  ],
};

const unknown = positionals.find((name) => PARTS[name] === undefined);
if (unknown !== undefined) {
  console.error(`Unknown part "${unknown}". Choose from ${Object.keys(PARTS).join(", ")}.`);
  process.exit(2);
}
const parts = (positionals.length === 0 ? Object.keys(PARTS) : positionals).flatMap((name) => PARTS[name]!);
const steps: readonly Step[] = [["install:oracles"], ...parts];

const env = {
  ...process.env,
  POSTHORN_TEST_KILLS: values.kills,
  // Twice the weeks of other runs, sabotages from the first seed on, and every test on PostgreSQL.
  POSTHORN_TEST_ALL_SEEDS: "1",
  POSTHORN_TEST_SEED: process.env["POSTHORN_TEST_SEED"] ?? String(day),
  POSTHORN_TEST_REPORT: report,
  POSTHORN_TEST_STATEMENTS: statements,
};

const failed = steps.filter((step) => {
  console.log(`\n— npm run ${step.join(" ")}`);
  const start = performance.now();
  const { status } = spawnSync("npm", ["run", "-s", ...step], {
    stdio: "inherit",
    env: SUITES.has(step[0]!) ? env : process.env,
  });
  console.log(`— npm run ${step.join(" ")} took ${Math.round((performance.now() - start) / 1000)} s`);
  return status !== 0;
});
// A test that failed has no line: its output is above.
if (existsSync(report)) console.log(`\nKills:\n${readFileSync(report, "utf8").trimEnd()}`);
rmSync(results, { recursive: true, force: true });
for (const step of failed) console.log(`FAILED npm run ${step.join(" ")}`);
console.log(`${steps.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
