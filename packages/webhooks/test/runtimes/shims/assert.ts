/** The four assertions of `node:assert/strict` that the suite uses, for runtimes that have no Node modules. */
export function ok(value: unknown): void {
  if (value === undefined || value === null || value === false)
    throw new Error(`expected a value, got ${String(value)}`);
}

export function equal(actual: unknown, expected: unknown): void {
  if (!Object.is(actual, expected)) throw new Error(`expected ${String(expected)}, got ${String(actual)}`);
}

export function deepEqual(actual: unknown, expected: unknown): void {
  equal(JSON.stringify(actual), JSON.stringify(expected));
}

export async function rejects(promise: Promise<unknown>, expected: { readonly code: string }): Promise<void> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  equal((error as { readonly code?: string } | undefined)?.code, expected.code);
}
