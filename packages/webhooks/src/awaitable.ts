/**
 * A value or a promise of it. Node, Deno and Bun offer synchronous cryptography; browsers and workerd do not. Code
 * that supports both is written once with {@link after} and {@link firstMatch} and stays synchronous where the
 * runtime allows it.
 */
export type Awaitable<T> = T | Promise<T>;

/** Applies `use` to a value, immediately when the value is not a promise. */
export function after<T, R>(value: Awaitable<T>, use: (value: T) => Awaitable<R>): Awaitable<R> {
  return value instanceof Promise ? value.then(use) : use(value);
}

/** Index of the first of `count` candidates that passes `test`, or -1. Candidates after a match are not tested. */
export function firstMatch(count: number, test: (index: number) => Awaitable<boolean>, from = 0): Awaitable<number> {
  for (let index = from; index < count; index += 1) {
    const passed = test(index);
    if (passed === true) return index;
    if (passed !== false) {
      return passed.then((ok) => (ok ? index : firstMatch(count, test, index + 1)));
    }
  }
  return -1;
}
