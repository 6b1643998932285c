/**
 * Runs all checks and tests: format, lint, types, documents, words, unused code, and the four test suites. A failure does not stop the run,
 * so one run reports everything that needs fixing. The last line is `N passed, N failed`; a failed check counts as one. `npm test -- unit
 * e2e checks` runs only these lanes, without the brokers. `npm test -- --durations` records which test files are slow.
 * `npm run test:core` runs what most changes can break: checks, unit tests on SQLite, and the simulation. `npm run test:quick` checks the
 * types beside the unit tests that need no store, server or process.
 *
 * If V8 crashes the process of a test file, the file runs once more and is listed at the end. V8 sometimes crashes in processes that start
 * and end many threads, as these tests do (`Check failed: jit_page.has_value()`, nodejs/node#64500).
 *
 * A few failed tests run once more, alone, when everything else has ended. A test that passes then is flaky: it counts as passed and is
 * listed as `FLAKY` with its error, and must be fixed or deleted the same day. `--once` turns this off.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { COMPILE_CACHE } from "../packages/testkit/src/compile-cache.ts";
import { cpuOf } from "../packages/testkit/src/cpu-time.ts";
import { OutputTurns } from "./test-output.ts";
import { countPassed, type Failure, failuresOf, fileOf, type FileReport, readReport } from "./test-report.ts";

/**
 * Lanes that run in parallel; the scripts of a lane run one after the other. The tests of the first three lanes wait
 * for disks, sockets and timers most of the time. The last lane only computes: it has a low priority and uses what the
 * others leave of the processor, so that it slows down no test that measures a delay.
 */
const LANES: readonly Lane[] = [
  { name: "unit", scripts: ["test:unit"] },
  { name: "e2e", scripts: ["test:e2e"] },
  { name: "destinations", scripts: ["test:destinations"] },
  {
    name: "checks",
    scripts: [
      "format:check",
      "lint",
      "types",
      "check:docs",
      "check:words",
      "check:unused",
      "check:path",
      "test:simulation",
    ],
    background: true,
  },
];
/** Niceness of scripts in the background. Their own processes inherit it. */
const BACKGROUND_NICENESS = "10";
/** Runs an npm script, and writes the CPU time of the shell and that of its children to a separate output. */
const RUN_AND_COUNT = 'npm run -s "$@" 3>&-; status=$?; times >&3; exit $status';

/**
 * For the checks, which are programs in Go. Each thread of the type-aware linter checks the shared files again, and the other core is busy
 * anyway. They collect garbage less often than usual, unless they use much memory.
 */
const GO_SETTINGS = { GOMAXPROCS: "1", GOGC: "400", GOMEMLIMIT: "3GiB" };

interface Lane {
  readonly name: string;
  readonly scripts: readonly string[];
  readonly background?: boolean;
}

/**
 * Runs before every lane except those in the background, because tests load the packages and servers read the pages, which must be
 * complete.
 */
const PREPARATIONS = ["install:oracles", "build:dashboard", "build:docs"] as const;

/** Vitest's message when a test process crashes, with the test file it was running. */
const DIED = /Worker exited unexpectedly with signal (?:SIGTRAP|SIGSEGV)\b.* while running test file (\S+)/g;
/** Vitest's count of errors outside of any test. */
const UNHANDLED = /Vitest caught (\d+) unhandled errors?/;
/** Longest wait for the remaining output of a script after its process has exited. */
const REMAINING_OUTPUT_MS = 5000;
/** If more files than this crash, the cause is probably not V8, and no file runs again. */
const MAX_REPEATED_FILES = 2;
/** Writes {@link SLOW_TESTS} at the end. */
const DURATIONS = "--durations";
/** Runs no failed test again. */
const ONCE = "--once";

/** A part of the run. Its lanes have the same priority: otherwise the checks would run after the tests, on one core. */
interface Selection {
  readonly lanes: readonly Lane[];
  /** Projects of the unit tests. */
  readonly projects: readonly string[];
  /** Unit tests at once. They wait for files and sockets half of the time, and only the checks run beside them. */
  readonly workers: number;
  /** Whether its tests need {@link PREPARATIONS}. */
  readonly prepares: boolean;
}

/** Parts of the run, by the flag that selects them. */
const SELECTIONS: Readonly<Record<string, Selection>> = {
  "--core": {
    lanes: LANES.filter(({ name }) => name === "unit" || name === "checks"),
    projects: ["pure", "sqlite"],
    workers: 3,
    prepares: true,
  },
  "--quick": {
    lanes: [
      { name: "unit", scripts: ["test:unit"] },
      { name: "types", scripts: ["types"] },
    ],
    projects: ["pure"],
    workers: 2,
    prepares: false,
  },
};
const FLAGS = new Set([DURATIONS, ONCE, ...Object.keys(SELECTIONS)]);
/** Test files that Vitest starts first, with their duration in seconds. */
const SLOW_TESTS = "scripts/slow-tests.json";
const SLOW_SECONDS = 10;
/** Tests that look for lost messages run only once, because one loss in a hundred runs is a defect of the product. */
const NEVER_AGAIN = /(?:chaos|crash|kills?|loss|repair|simulation)[^/]*(?:\/.*)?\.test\.ts$/;
/** If more tests than this fail, the cause is probably the change, and none runs again. */
const MAX_TESTS_AGAIN = 3;

const results = mkdtempSync(join(tmpdir(), "posthorn-test-"));
/** Seconds of each test file, the longest of its projects. */
const durations = new Map<string, number>();
/** Failed checks, and suites that failed without a failed test. */
const failures: string[] = [];
const failedTests: FailedTest[] = [];
const flakyTests: FailedTest[] = [];
const repeatedFiles: string[] = [];
let passed = 0;

const began = performance.now();
const turns = new OutputTurns();

const selection = Object.entries(SELECTIONS).find(([flag]) => process.argv.includes(flag))?.[1];
const prepared = selection?.prepares === false ? Promise.resolve() : prepare();

await Promise.all(chosenLanes().map(runLane));
await runFailedTestsAgain();
rmSync(results, { recursive: true, force: true });
if (process.argv.includes(DURATIONS)) writeSlowTests();
// Repeated here, because a log may keep only the end of a long output.
for (const file of repeatedFiles) console.log(`\nREPEATED ${file}: V8 crashed its process`);
for (const { text } of flakyTests) console.log(`\nFLAKY (passed when it ran alone) ${text}`);
for (const { text } of failedTests) console.log(`\nFAILED ${text}`);
for (const script of failures) console.log(`\nFAILED ${script}`);
const failed = failures.length + failedTests.length;
console.log(`\nTook ${Math.round((performance.now() - began) / 1000)} s${cpuTime()}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** The lanes named as arguments, or those of the selection; all of them without an argument. */
function chosenLanes(): readonly Lane[] {
  const names = process.argv.slice(2).filter((name) => !FLAGS.has(name));
  const unknown = names.find((name) => !LANES.some((lane) => lane.name === name));
  if (unknown !== undefined) {
    console.error(`Unknown lane "${unknown}". Choose from ${LANES.map(({ name }) => name).join(", ")}.`);
    process.exit(2);
  }
  if (names.length > 0) return LANES.filter(({ name }) => names.includes(name));
  return selection?.lanes ?? LANES;
}

/** CPU time of all processes of this run; empty where the system does not count it. */
function cpuTime(): string {
  if (process.platform !== "linux") return "";
  const { own, children } = cpuOf("self");
  return `, and ${Math.round(own + children)} s of CPU time`;
}

async function runLane({ scripts, ...lane }: Lane): Promise<void> {
  const background = lane.background === true && selection === undefined;
  if (lane.background !== true) await prepared;
  for (const script of scripts) {
    if (script.startsWith("test:")) await runSuite(script, background);
    else if ((await npm(script, [], background)).succeeded) passed++;
    else failures.push(`npm run ${script}`);
  }
}

/** Keeps the entries of files that did not run. */
function writeSlowTests(): void {
  const before = JSON.parse(readFileSync(SLOW_TESTS, "utf8")) as Record<string, number>;
  const all = Object.entries({ ...before, ...Object.fromEntries(durations) });
  const slow = all.filter(([path, seconds]) => seconds >= SLOW_SECONDS && existsSync(path));
  const sorted = slow.sort(([, one], [, other]) => other - one);
  writeFileSync(SLOW_TESTS, `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`);
}

async function prepare(): Promise<void> {
  for (const script of PREPARATIONS) {
    if (!(await npm(script, ["--", "--if-changed"], false)).succeeded) failures.push(`npm run ${script}`);
  }
}

async function runSuite(suite: string, background: boolean): Promise<void> {
  const first = await runTests(suite, [], background);
  const died = first.onlyDied && first.died.length <= MAX_REPEATED_FILES ? first.died : [];
  const again = died.length === 0 ? null : await runTests(suite, died, background);
  repeatedFiles.push(...died);
  // For a repeated file, only the second result counts.
  const kept = first.files.filter(({ name }) => !died.includes(fileOf(name)));
  const found = [...kept, ...(again?.files ?? [])];
  passed += countPassed(found);
  for (const { name, startTime, endTime } of found) {
    const seconds = Math.round((endTime - startTime) / 1000);
    durations.set(fileOf(name), Math.max(seconds, durations.get(fileOf(name)) ?? 0));
  }
  const all = failuresOf(found);
  failedTests.push(...all.map((failure) => ({ suite, ...failure })));
  // A suite can fail without a failed test: because of an error outside of any test, or a process that exited.
  const succeeded = again === null ? first.succeeded : again.succeeded;
  if (!succeeded && all.length === 0) failures.push(`npm run ${suite}`);
}

/** Moves the tests that pass now from the failed to the flaky ones. */
async function runFailedTestsAgain(): Promise<void> {
  if (process.argv.includes(ONCE) || failedTests.length > MAX_TESTS_AGAIN) return;
  const files = new Map(failedTests.map(({ suite, file }) => [`${suite} ${file}`, { suite, file }]));
  for (const { suite, file } of files.values()) {
    if (NEVER_AGAIN.test(file)) continue;
    const { succeeded } = await runTests(suite, [file], false);
    if (!succeeded) continue;
    const tests = failedTests.filter((test) => test.suite === suite && test.file === file);
    failedTests.splice(0, Infinity, ...failedTests.filter((test) => !tests.includes(test)));
    flakyTests.push(...tests);
    passed += tests.length;
  }
}

/** The sum of what `times` of the shell printed, such as `1m2.5s 0m0.5s`. */
function secondsIn(times: string): number {
  const parts = [...times.matchAll(/(\d+)m([\d.]+)s/g)];
  return parts.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}

interface FailedTest extends Failure {
  readonly suite: string;
}

interface Run {
  readonly succeeded: boolean;
  readonly files: readonly FileReport[];
  /** Test files that V8 crashed. */
  readonly died: readonly string[];
  /** Whether these crashes are the only errors outside of tests. */
  readonly onlyDied: boolean;
}

async function runTests(suite: string, files: readonly string[], background: boolean): Promise<Run> {
  const report = join(results, `${suite.replace(":", "-")}-${files.length}.json`);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const selected = suite === "test:unit" && selection !== undefined ? optionsOf(selection) : [];
  const args = [...files, ...selected, ...reporters];
  const { succeeded, output } = await npm(suite, ["--", ...args], background);
  const text = stripVTControlCharacters(output);
  const deaths = [...text.matchAll(DIED)].map(([, name]) => fileOf(name!));
  const onlyDied = deaths.length === Number(UNHANDLED.exec(text)?.[1] ?? 0);
  return { succeeded, files: readReport(report), died: [...new Set(deaths)], onlyDied };
}

/** Arguments of Vitest for a part of the unit tests. */
function optionsOf({ projects, workers }: Selection): readonly string[] {
  return [...projects.map((name) => `--project=${name}`), `--maxWorkers=${workers}`];
}

/** Runs a script, prints its output in turn, and returns it. */
async function npm(
  script: string,
  args: readonly string[],
  background: boolean,
): Promise<{ succeeded: boolean; output: string }> {
  const start = performance.now();
  const name = ["npm run", script, ...args.filter((arg) => !arg.startsWith("--"))].join(" ");
  using printing = turns.next();
  printing.write(`\n— ${name}\n`);
  const command = ["sh", "-c", RUN_AND_COUNT, "sh", script, ...args];
  const [program, ...rest] = background ? ["nice", "-n", BACKGROUND_NICENESS, ...command] : command;
  const child = spawn(program!, rest, {
    stdio: ["inherit", "pipe", "pipe", "pipe"],
    env: {
      ...process.env,
      ...COMPILE_CACHE,
      ...(script.startsWith("test:") ? {} : GO_SETTINGS),
      ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : {}),
    },
  });
  const [, stdout, stderr, counted] = child.stdio as unknown as readonly [null, Readable, Readable, Readable];
  let times = "";
  counted.setEncoding("utf8").on("data", (text: string) => (times += text));
  let output = "";
  for (const stream of [stdout, stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      printing.write(text);
    });
  }
  const { promise: exited, resolve: exit } = Promise.withResolvers<boolean>();
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  child.on("exit", (code) => exit(code === 0));
  child.on("close", () => close());
  const succeeded = await exited;
  // A process that the script left running can keep the output stream open forever.
  await Promise.race([closed, delay(REMAINING_OUTPUT_MS, undefined, { ref: false })]);
  stdout.destroy();
  stderr.destroy();
  counted.destroy();
  const seconds = Math.round((performance.now() - start) / 1000);
  printing.write(`— ${name} took ${seconds} s, and ${Math.round(secondsIn(times))} s of CPU time\n`);
  return { succeeded, output };
}
