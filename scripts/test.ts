/**
 * Runs all checks and tests: format, lint, types, documents, words, unused code, and the four test suites. A failure does not stop the run,
 * so one run reports everything that needs fixing. The last line is `N passed, N failed`; a failed check counts as one.
 * `npm test -- unit e2e checks` runs only these lanes, without the brokers. `npm test -- --durations` writes down which test files take long.
 *
 * If V8 crashes the process of a test file, the file runs once more and is listed at the end. V8 sometimes crashes in processes that start
 * and end many threads, as these tests do (`Check failed: jit_page.has_value()`, nodejs/node#64500).
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setPriority, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";

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
/** Niceness of scripts in the background. */
const BACKGROUND_NICENESS = 10;

interface Lane {
  readonly name: string;
  readonly scripts: readonly string[];
  readonly background?: boolean;
}

/** Runs before every lane except those in the background: servers read the pages, and must not find half of them. */
const BUILD_PAGES = ["build:dashboard", "--", "--if-changed"] as const;

/** The part of Vitest's JSON report that this script reads. */
interface Report {
  readonly testResults: readonly FileReport[];
}

interface FileReport {
  readonly name: string;
  readonly startTime: number;
  readonly endTime: number;
  readonly status: string;
  /** Error outside of any test of the file; empty if there is none. */
  readonly message: string;
  readonly assertionResults: readonly {
    readonly fullName: string;
    readonly status: string;
    readonly failureMessages: readonly string[];
  }[];
}

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
/** Test files that Vitest starts first, and their seconds. */
const SLOW_TESTS = "scripts/slow-tests.json";
const SLOW_SECONDS = 10;
/** Lines of each failure in the summary. The full message is printed where the test ran. */
const MESSAGE_LINES = 25;

/** Output of one script, which is printed in its turn. */
class ScriptOutput implements Disposable {
  readonly #turns: OutputTurns;
  #waiting = "";
  #printing = false;
  ended = false;

  constructor(turns: OutputTurns) {
    this.#turns = turns;
  }

  write(text: string): void {
    if (this.#printing) process.stdout.write(text);
    else this.#waiting += text;
  }

  /** Prints what has been written so far, and everything later at once. */
  print(): void {
    this.#printing = true;
    process.stdout.write(this.#waiting);
    this.#waiting = "";
  }

  [Symbol.dispose](): void {
    this.ended = true;
    this.#turns.advance();
  }
}

/** Prints the output of one running script at once, and that of each other one when its turn comes. */
class OutputTurns {
  readonly #scripts: ScriptOutput[] = [];

  next(): ScriptOutput {
    const script = new ScriptOutput(this);
    this.#scripts.push(script);
    if (this.#scripts.length === 1) script.print();
    return script;
  }

  /** Prints all scripts that have ended, and then the first one that still runs. */
  advance(): void {
    while (this.#scripts.length > 0 && this.#scripts[0]!.ended) {
      this.#scripts.shift();
      this.#scripts[0]?.print();
    }
  }
}

const results = mkdtempSync(join(tmpdir(), "posthorn-test-"));
/** Seconds of each test file, the longest of its projects. */
const durations = new Map<string, number>();
const failures: string[] = [];
const repeatedFiles: string[] = [];
let passed = 0;
let failed = 0;

const began = performance.now();
const turns = new OutputTurns();

const pages = buildPages();

await Promise.all(chosenLanes().map(runLane));
rmSync(results, { recursive: true, force: true });
if (process.argv.includes(DURATIONS)) writeSlowTests();
// Repeated here, because a log may keep only the end of a long output.
for (const file of repeatedFiles) console.log(`\nREPEATED ${file}: V8 crashed its process`);
for (const failure of failures) console.log(`\nFAILED ${failure}`);
console.log(`\nTook ${Math.round((performance.now() - began) / 1000)} s`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** The lanes named as arguments; all of them without an argument. */
function chosenLanes(): readonly Lane[] {
  const names = process.argv.slice(2).filter((name) => name !== DURATIONS);
  const unknown = names.find((name) => !LANES.some((lane) => lane.name === name));
  if (unknown !== undefined) {
    console.error(`Unknown lane "${unknown}". Choose from ${LANES.map(({ name }) => name).join(", ")}.`);
    process.exit(2);
  }
  return names.length === 0 ? LANES : LANES.filter(({ name }) => names.includes(name));
}

async function runLane({ scripts, background = false }: Lane): Promise<void> {
  if (!background) await pages;
  for (const script of scripts) {
    if (script.startsWith("test:")) await runSuite(script, background);
    else if ((await npm(script, [], background)).succeeded) passed++;
    else fail(`npm run ${script}`);
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

async function buildPages(): Promise<void> {
  const [script, ...args] = BUILD_PAGES;
  if (!(await npm(script, args, false)).succeeded) fail(`npm run ${script}`);
}

async function runSuite(suite: string, background: boolean): Promise<void> {
  const first = await runTests(suite, [], background);
  const died = first.onlyDied && first.died.length <= MAX_REPEATED_FILES ? first.died : [];
  const again = died.length === 0 ? null : await runTests(suite, died, background);
  repeatedFiles.push(...died);
  // For a repeated file, only the second result counts.
  const kept = first.files.filter(({ name }) => !died.includes(fileOf(name)));
  const found = [...kept, ...(again?.files ?? [])];
  for (const { assertionResults } of found) {
    passed += assertionResults.filter(({ status }) => status === "passed").length;
  }
  for (const { name, startTime, endTime } of found) {
    const seconds = Math.round((endTime - startTime) / 1000);
    durations.set(fileOf(name), Math.max(seconds, durations.get(fileOf(name)) ?? 0));
  }
  const all = failuresOf(found);
  for (const failure of all) fail(failure);
  // A suite can fail without a failed test: because of an error outside of any test, or a process that exited.
  const succeeded = again === null ? first.succeeded : again.succeeded;
  if (!succeeded && all.length === 0) fail(`npm run ${suite}`);
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
  const { succeeded, output } = await npm(suite, ["--", ...files, ...reporters], background);
  const text = stripVTControlCharacters(output);
  const deaths = [...text.matchAll(DIED)].map(([, name]) => fileOf(name!));
  const onlyDied = deaths.length === Number(UNHANDLED.exec(text)?.[1] ?? 0);
  return { succeeded, files: readReport(report).testResults, died: [...new Set(deaths)], onlyDied };
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
  const child = spawn("npm", ["run", "-s", script, ...args], {
    stdio: ["inherit", "pipe", "pipe"],
    env: { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : {}) },
  });
  // Its own processes inherit it.
  if (background && child.pid !== undefined) setPriority(child.pid, BACKGROUND_NICENESS);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
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
  child.stdout.destroy();
  child.stderr.destroy();
  printing.write(`— ${name} took ${Math.round((performance.now() - start) / 1000)} s\n`);
  return { succeeded, output };
}

function fileOf(path: string): string {
  return relative(process.cwd(), path);
}

function fail(what: string): void {
  failed++;
  failures.push(what);
}

/** Failed tests, and files that failed outside of their tests. */
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
    // The suite ended before it wrote its report.
    return { testResults: [] };
  }
}
