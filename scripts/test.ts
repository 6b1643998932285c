/**
 * Everything that must hold: format, lint, types, documents, and all tests. Goes on after a failure, so that one run shows
 * all there is to mend. Ends with the line `N passed, N failed`; a failed check counts as one.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const CHECKS = ["format:check", "lint", "types", "check:docs"];
const SUITES = ["test:unit", "test:simulation", "test:e2e"];

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
}

const results = mkdtempSync(join(tmpdir(), "posthorn-test-"));
let passed = 0;
let failed = 0;

function npm(script: string, args: readonly string[] = []): boolean {
  console.log(`\n— npm run ${script}`);
  return spawnSync("npm", ["run", "-s", script, ...args], { stdio: "inherit" }).status === 0;
}

for (const check of CHECKS) {
  if (npm(check)) passed++;
  else failed++;
}
for (const suite of SUITES) {
  const file = join(results, `${suite.replace(":", "-")}.json`);
  const succeeded = npm(suite, ["--", "--reporter=default", "--reporter=json", `--outputFile.json=${file}`]);
  const report = readReport(file);
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  // A suite can fail with no test to blame: a file that does not load, an error outside of any test.
  if (!succeeded && report.numFailedTests === 0) failed++;
}
rmSync(results, { recursive: true, force: true });
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function readReport(file: string): Report {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Report;
  } catch {
    // The suite did not get as far as its report.
    return { numPassedTests: 0, numFailedTests: 0 };
  }
}
