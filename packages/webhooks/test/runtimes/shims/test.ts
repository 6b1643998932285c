/** Stands in for `node:test` where there is none: collects the tests, so that a runner can run them one by one. */
const tests: { readonly name: string; readonly body: () => unknown }[] = [];

export function test(name: string, body: () => unknown): void {
  tests.push({ name, body });
}

/** What came of the tests; `failures` are empty when all passed. */
export interface Report {
  readonly passed: number;
  readonly failures: readonly string[];
}

export async function runTests(): Promise<Report> {
  const failures: string[] = [];
  for (const { name, body } of tests) {
    try {
      await body();
    } catch (error) {
      failures.push(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
  }
  return { passed: tests.length - failures.length, failures };
}
