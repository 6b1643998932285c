import type { Logger } from "../lib/log.ts";

/**
 * Disposes every part on the stack, in the reverse order of construction, and logs each failure. A part that fails does not keep the
 * others from being disposed. Rejects if any part failed.
 */
export async function release(stack: AsyncDisposableStack, log: Logger): Promise<void> {
  try {
    await stack.disposeAsync();
  } catch (failure) {
    for (const err of failuresIn(failure)) log.error({ err }, "part of the node could not be released");
    throw failure;
  }
}

/** The failures that a stack has nested into each other, the last one first. */
function* failuresIn(failure: unknown): Generator {
  let rest = failure;
  while (rest instanceof SuppressedError) {
    yield rest.error;
    rest = rest.suppressed;
  }
  yield rest;
}
