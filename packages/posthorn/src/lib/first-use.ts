/**
 * Returns a function that creates a value on its first call and returns the same value from then on. A value that could not be created,
 * including a promise that rejects, is created again on the next call.
 */
export function onFirstUse<T>(create: () => T): () => T {
  let kept: { readonly value: T } | null = null;
  return () => {
    if (kept !== null) return kept.value;
    const created = { value: create() };
    kept = created;
    if (created.value instanceof Promise) created.value.catch(() => (kept = null));
    return created.value;
  };
}
