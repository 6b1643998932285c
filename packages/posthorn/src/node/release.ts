import type { Logger } from "../lib/log.ts";

/**
 * Disposes all parts on the stack, in reverse order of construction, and logs each failure. A failing part does not prevent the
 * disposal of the others. Rejects if any part failed.
 */
export async function release(stack: AsyncDisposableStack, log: Logger): Promise<void> {
  try {
    await stack.disposeAsync();
  } catch (failure) {
    for (const err of failuresIn(failure)) log.error({ err }, "a part of the node could not be closed");
    throw failure;
  }
}

/** The failures that the stack has nested into each other, last one first. */
function* failuresIn(failure: unknown): Generator {
  let rest = failure;
  while (rest instanceof SuppressedError) {
    yield rest.error;
    rest = rest.suppressed;
  }
  yield rest;
}
