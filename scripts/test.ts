/**
 * Everything that must hold: format, lint, types, documents, and all tests. Goes on after a failure, so that one run shows
 * all there is to mend. Ends with the line `N passed, N failed`; a failed check counts as one.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

const CHECKS = ["format:check", "lint", "types", "check:docs"];
const SUITES = ["test:unit", "test:simulation", "test:e2e"];

/** What is read of Vitest's JSON report. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly FileReport[];
}

interface FileReport {
  readonly name: string;
  readonly status: string;
  /** Why a file as a whole failed, else empty. */
  readonly message: string;
  readonly assertionResults: readonly {
    readonly fullName: string;
    readonly status: string;
    readonly failureMessages: readonly string[];
  }[];
}

/** Of what a failed test says. The whole stands further up, where it ran. */
const MESSAGE_LINES = 25;

const results = mkdtempSync(join(tmpdir(), "posthorn-test-"));
const failures: string[] = [];
let passed = 0;
let failed = 0;

function npm(script: string, args: readonly string[] = []): boolean {
  console.log(`\n— npm run ${script}`);
  return spawnSync("npm", ["run", "-s", script, ...args], { stdio: "inherit" }).status === 0;
}

for (const check of CHECKS) {
  if (npm(check)) passed++;
  else fail(`npm run ${check}`);
}
for (const suite of SUITES) {
  const file = join(results, `${suite.replace(":", "-")}.json`);
  const succeeded = npm(suite, ["--", "--reporter=default", "--reporter=json", `--outputFile.json=${file}`]);
  const report = readReport(file);
  passed += report.numPassedTests;
  for (const failure of failuresOf(report)) fail(failure);
  // A suite can fail with no test to blame: an error outside of any test, a process that ended.
  if (!succeeded && failuresOf(report).length === 0) fail(`npm run ${suite}`);
}
rmSync(results, { recursive: true, force: true });
// At the end too, since what ran after it can be longer than what a log keeps.
for (const failure of failures) console.log(`\nFAILED ${failure}`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function fail(what: string): void {
  failed++;
  failures.push(what);
}

/** Each test that failed, and each file that did not come as far as its tests. */
function failuresOf({ testResults }: Report): string[] {
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(process.cwd(), name);
    const tests = assertionResults.filter((test) => test.status === "failed");
    if (tests.length === 0 && status === "failed") return [describeFailure(file, [message])];
    return tests.map((test) => describeFailure(`${file} > ${test.fullName}`, test.failureMessages));
  });
}

function describeFailure(title: string, messages: readonly string[]): string {
  return [title, ...messages.join("\n").split("\n").slice(0, MESSAGE_LINES)].join("\n  ");
}

function readReport(file: string): Report {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Report;
  } catch {
    // The suite did not get as far as its report.
    return { numPassedTests: 0, numFailedTests: 0, testResults: [] };
  }
}
