/**
 * Everything that must hold: format, lint, types, documents, words, and all tests. Goes on after a failure, so that one run shows
 * all there is to mend. Ends with the line `N passed, N failed`; a failed check counts as one.
 *
 * Files whose process was ended by the engine itself run once more, and are named at the end. V8 loses count of its pages of code now
 * and then where threads come and go in great number, as in these tests (`Check failed: jit_page.has_value()`, nodejs/node#64500).
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";

const CHECKS = ["format:check", "lint", "types", "check:docs", "check:words", "check:unused"];
const SUITES = ["test:unit", "test:simulation", "test:e2e"];

/** What is read of Vitest's JSON report. */
interface Report {
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

/** How Vitest tells of a process that died, and in which file. */
const DIED = /Worker exited unexpectedly with signal (?:SIGTRAP|SIGSEGV)\b.* while running test file (\S+)/g;
/** How many errors it knows of no test. */
const UNHANDLED = /Vitest caught (\d+) unhandled errors?/;
/** What a script wrote before its end arrives within this. */
const LAST_WORDS_MS = 5000;
/** More than that is no accident of the engine. */
const MOST_AGAIN = 2;

/** Of what a failed test says. The whole stands further up, where it ran. */
const MESSAGE_LINES = 25;

const results = mkdtempSync(join(tmpdir(), "posthorn-test-"));
const failures: string[] = [];
const ranAgain: string[] = [];
let passed = 0;
let failed = 0;

for (const check of CHECKS) {
  if ((await npm(check)).succeeded) passed++;
  else fail(`npm run ${check}`);
}
for (const suite of SUITES) await runSuite(suite);
rmSync(results, { recursive: true, force: true });
// At the end too, since what ran after it can be longer than what a log keeps.
for (const file of ranAgain) console.log(`\nRAN AGAIN ${file}: its process was ended by the engine`);
for (const failure of failures) console.log(`\nFAILED ${failure}`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

async function runSuite(suite: string): Promise<void> {
  const first = await runTests(suite, []);
  const died = first.onlyDied && first.died.length <= MOST_AGAIN ? first.died : [];
  const again = died.length === 0 ? null : await runTests(suite, died);
  ranAgain.push(...died);
  // Of a file that ran again only that counts.
  const kept = first.files.filter(({ name }) => !died.includes(fileOf(name)));
  const found = [...kept, ...(again?.files ?? [])];
  for (const { assertionResults } of found) {
    passed += assertionResults.filter(({ status }) => status === "passed").length;
  }
  const all = failuresOf(found);
  for (const failure of all) fail(failure);
  // A suite can fail with no test to blame: an error outside of any test, a process that ended.
  const succeeded = again === null ? first.succeeded : again.succeeded;
  if (!succeeded && all.length === 0) fail(`npm run ${suite}`);
}

interface Run {
  readonly succeeded: boolean;
  readonly files: readonly FileReport[];
  /** Files whose process died. */
  readonly died: readonly string[];
  /** Nothing else went wrong outside of tests. */
  readonly onlyDied: boolean;
}

async function runTests(suite: string, files: readonly string[]): Promise<Run> {
  const report = join(results, `${suite.replace(":", "-")}-${files.length}.json`);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const { succeeded, output } = await npm(suite, ["--", ...files, ...reporters]);
  const text = stripVTControlCharacters(output);
  const deaths = [...text.matchAll(DIED)].map(([, name]) => fileOf(name!));
  const onlyDied = deaths.length === Number(UNHANDLED.exec(text)?.[1] ?? 0);
  return { succeeded, files: readReport(report).testResults, died: [...new Set(deaths)], onlyDied };
}

/** Runs a script, shows what it says, and returns it. */
async function npm(script: string, args: readonly string[] = []): Promise<{ succeeded: boolean; output: string }> {
  console.log(`\n— npm run ${[script, ...args.filter((arg) => !arg.startsWith("--"))].join(" ")}`);
  const child = spawn("npm", ["run", "-s", script, ...args], {
    stdio: ["inherit", "pipe", "pipe"],
    env: { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : {}) },
  });
  let output = "";
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ] as const) {
    from.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      to.write(chunk);
    });
  }
  const { promise: ended, resolve: end } = Promise.withResolvers<boolean>();
  const { promise: said, resolve: hear } = Promise.withResolvers<void>();
  child.on("exit", (code) => end(code === 0));
  child.on("close", () => hear());
  const succeeded = await ended;
  // A process that it left behind may keep the output stream open forever.
  await Promise.race([said, delay(LAST_WORDS_MS, undefined, { ref: false })]);
  child.stdout.destroy();
  child.stderr.destroy();
  return { succeeded, output };
}

function fileOf(path: string): string {
  return relative(process.cwd(), path);
}

function fail(what: string): void {
  failed++;
  failures.push(what);
}

/** Each test that failed, and each file that did not come as far as its tests. */
function failuresOf(files: readonly FileReport[]): string[] {
  return files.flatMap(({ name, status, message, assertionResults }) => {
    const file = fileOf(name);
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
    return { testResults: [] };
  }
}
