/** Replacement for `node:test` on runtimes without it: collects the tests for a runner. */
const tests: { readonly name: string; readonly body: () => unknown }[] = [];

export function test(name: string, body: () => unknown): void {
  tests.push({ name, body });
}

/** Result of the tests. `failures` is empty if all passed. */
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
