/** Vitest's JSON report, as far as `npm test` reads it. */
import { readFileSync } from "node:fs";
import { relative } from "node:path";

export interface FileReport {
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

/** A failed test, or a file that failed outside of its tests. */
export interface Failure {
  readonly file: string;
  /** Name of the test and its error, in several lines. */
  readonly text: string;
}

/** Lines of each failure in the summary. The full message is printed where the test ran. */
const MESSAGE_LINES = 25;

/** The files of a report; none if the suite ended before it wrote one. */
export function readReport(path: string): readonly FileReport[] {
  try {
    return (JSON.parse(readFileSync(path, "utf8")) as { readonly testResults: readonly FileReport[] }).testResults;
  } catch {
    return [];
  }
}

export function failuresOf(files: readonly FileReport[]): readonly Failure[] {
  return files.flatMap(({ name, status, message, assertionResults }) => {
    const file = fileOf(name);
    const tests = assertionResults.filter((test) => test.status === "failed");
    if (tests.length === 0 && status === "failed") return [{ file, text: describe(file, [message]) }];
    return tests.map((test) => ({ file, text: describe(`${file} > ${test.fullName}`, test.failureMessages) }));
  });
}

export function countPassed(files: readonly FileReport[]): number {
  return files.flatMap(({ assertionResults }) => assertionResults).filter(({ status }) => status === "passed").length;
}

/** Path in the repository. */
export function fileOf(path: string): string {
  return relative(process.cwd(), path);
}

function describe(title: string, messages: readonly string[]): string {
  return [title, ...messages.join("\n").split("\n").slice(0, MESSAGE_LINES)].join("\n  ");
}
