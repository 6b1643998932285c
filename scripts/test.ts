/**
 * Runs all checks and tests: format, lint, types, documents, words, unused code, and the four test suites. A failure does not stop the run,
 * so one run reports everything that needs fixing. The last line is `N passed, N failed`; a failed check counts as one.
 *
 * If V8 crashes the process of a test file, the file runs once more and is listed at the end. V8 sometimes crashes in processes that start
 * and end many threads, as these tests do (`Check failed: jit_page.has_value()`, nodejs/node#64500).
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";

/**
 * Scripts that run one after the other beside the unit and end-to-end tests, which wait for disks and sockets part of the time. Their output
 * is printed when each one ends.
 */
const BESIDE = [
  "format:check",
  "lint",
  "types",
  "check:docs",
  "check:words",
  "check:unused",
  "test:simulation",
  "test:destinations",
];
const MAIN = ["test:unit", "test:e2e"];

/** The part of Vitest's JSON report that this script reads. */
interface Report {
  readonly testResults: readonly FileReport[];
}

interface FileReport {
  readonly name: string;
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
/** Lines of each failure in the summary. The full message is printed where the test ran. */
const MESSAGE_LINES = 25;

const results = mkdtempSync(join(tmpdir(), "posthorn-test-"));
const failures: string[] = [];
const repeatedFiles: string[] = [];
let passed = 0;
let failed = 0;

await Promise.all([runAll(BESIDE, "at the end"), runAll(MAIN, "at once")]);
rmSync(results, { recursive: true, force: true });
// Repeated here, because a log may keep only the end of a long output.
for (const file of repeatedFiles) console.log(`\nREPEATED ${file}: V8 crashed its process`);
for (const failure of failures) console.log(`\nFAILED ${failure}`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

type Printing = "at once" | "at the end";

async function runAll(scripts: readonly string[], printing: Printing): Promise<void> {
  for (const script of scripts) {
    if (script.startsWith("test:")) await runSuite(script, printing);
    else if ((await npm(script, [], printing)).succeeded) passed++;
    else fail(`npm run ${script}`);
  }
}

async function runSuite(suite: string, printing: Printing): Promise<void> {
  const first = await runTests(suite, [], printing);
  const died = first.onlyDied && first.died.length <= MAX_REPEATED_FILES ? first.died : [];
  const again = died.length === 0 ? null : await runTests(suite, died, printing);
  repeatedFiles.push(...died);
  // For a repeated file, only the second result counts.
  const kept = first.files.filter(({ name }) => !died.includes(fileOf(name)));
  const found = [...kept, ...(again?.files ?? [])];
  for (const { assertionResults } of found) {
    passed += assertionResults.filter(({ status }) => status === "passed").length;
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

async function runTests(suite: string, files: readonly string[], printing: Printing): Promise<Run> {
  const report = join(results, `${suite.replace(":", "-")}-${files.length}.json`);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const { succeeded, output } = await npm(suite, ["--", ...files, ...reporters], printing);
  const text = stripVTControlCharacters(output);
  const deaths = [...text.matchAll(DIED)].map(([, name]) => fileOf(name!));
  const onlyDied = deaths.length === Number(UNHANDLED.exec(text)?.[1] ?? 0);
  return { succeeded, files: readReport(report).testResults, died: [...new Set(deaths)], onlyDied };
}

/** Runs a script, prints its output, and returns it. */
async function npm(
  script: string,
  args: readonly string[],
  printing: Printing,
): Promise<{ succeeded: boolean; output: string }> {
  const title = `\n— npm run ${[script, ...args.filter((arg) => !arg.startsWith("--"))].join(" ")}`;
  if (printing === "at once") console.log(title);
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
      if (printing === "at once") to.write(chunk);
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
  if (printing === "at the end") console.log(`${title}\n${output}`);
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
