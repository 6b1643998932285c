/** Runs an action on many items, a few at a time. */

/** Concurrent calls: the browser allows six connections to one host, and the live stream uses one of them. */
const AT_ONCE = 4;

/**
 * Runs the action on each item, and returns the items for which it failed, in their order. `onProgress` receives the number of finished
 * items.
 */
export async function runBulk<Item>(
  items: readonly Item[],
  action: (item: Item) => Promise<unknown>,
  onProgress: (done: number) => void,
): Promise<readonly (readonly [Item, Error])[]> {
  const failures = new Map<Item, Error>();
  let next = 0;
  let done = 0;
  const worker = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) {
      const current = item;
      await action(current).catch((error: unknown) => failures.set(current, error as Error));
      onProgress(++done);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return items.flatMap((item) => {
    const error = failures.get(item);
    return error === undefined ? [] : [[item, error] as const];
  });
}
